"""Questions: valid defaults, validators that speak to people, names that stay."""

import itertools
import keyword
import os
import pty
import subprocess
import sys
import tomllib

import pytest
import yaml
from copier import run_copy

from tools.managers import ROOT, ensure_environment
from tools.template import choices_of, read_questions

# Public API: only ever extended. Without a key or a choice, updates would reset recorded values.
QUESTIONS = {
    "service_name": None,
    "description": None,
    "author_name": None,
    "author_email": None,
    "package_manager": ["uv", "poetry", "pdm"],
    "python_version": ["3.11", "3.12", "3.13"],
    "model_name": None,
    "model_module": None,
    "model_backend": [
        "keyword",
        "sklearn",
        "onnx",
        "torch",
        "transformers",
        "mlflow",
        "openai_compatible",
    ],
    "backends": ["sklearn", "onnx", "torch", "transformers", "mlflow", "openai_compatible"],
    "torch_build": ["cpu", "cuda"],
    "example_backend": [
        "keyword",
        "sklearn",
        "onnx",
        "torch",
        "transformers",
        "mlflow",
        "openai_compatible",
    ],
    "preset": ["production", "minimal", "custom"],
    "features": [
        *("batching", "hardening", "open_inference", "metrics", "playground", "uploads", "images"),
        *("versions", "openai_api", "docker", "artifacts", "processes", "recording"),
        *("object_stores", "hugging_face"),
    ],
    "ci": ["github", "none"],
    "layout": ["src_package", "named_package"],
    "package_name": None,
}
PRODUCTION = [
    *("batching", "hardening", "open_inference", "metrics", "playground", "uploads"),
    *("versions", "docker"),
]
COMPUTED = ["package_path", "import_name", "launcher_dir", "model_class", "all_features"]


@pytest.fixture(scope="session")
def questions(template):
    return read_questions(template)


def answers_of(project):
    return yaml.safe_load((project / ".copier-answers.yml").read_text("utf-8"))


def refusal(render, **answers):
    with pytest.raises(ValueError, match=r"Validation error|Invalid choice") as failure:
        render(**answers)
    return str(failure.value)


def test_questions_and_choices_are_the_published_ones(questions):
    assert [*questions] == [*QUESTIONS, *COMPUTED]
    for name, choices in QUESTIONS.items():
        assert choices_of(questions[name]) == choices


def test_every_asked_question_has_a_help_line_and_a_default(questions):
    for name, question in questions.items():
        assert "default" in question
        if question.get("when") is not False and question.get("ask") is not False:
            assert question["help"], name


def test_nothing_secret_is_asked_and_nothing_needs_trust(questions, template):
    assert not any(question.get("secret") for question in questions.values())
    settings = (template / "copier.yml").read_text("utf-8")
    for unsafe in ("_tasks", "_migrations", "_jinja_extensions"):
        assert unsafe not in settings


def test_defaults_are_valid_and_recorded(render):
    answers = answers_of(render())
    unasked = {"package_name", "backends", "torch_build"}
    assert {key for key in answers if not key.startswith("_")} == {*QUESTIONS} - unasked
    assert answers["model_module"] == "dummy_model"
    assert answers["features"] == PRODUCTION


@pytest.mark.parametrize(
    ("preset", "features"),
    [
        ("minimal", []),
        ("production", PRODUCTION),
        ("custom", PRODUCTION),
    ],
)
def test_preset_decides_the_default_features(render, preset, features):
    assert answers_of(render(preset=preset))["features"] == features


def test_features_win_over_the_preset(render):
    project = render(preset="minimal", features=["docker"])
    assert (project / "Dockerfile").is_file()
    assert not (render(preset="production", features=[]) / "Dockerfile").exists()


@pytest.mark.parametrize(
    ("model_name", "module", "model_class"),
    [
        ("dummy_classifier", "dummy_model", "DummyModel"),
        ("fraud_model", "fraud_model", "FraudModel"),
        ("yolo_v8", "yolo_v8_model", "YoloV8Model"),
        ("model", "model_model", "ModelModel"),
        ("classifier", "classifier_model", "ClassifierModel"),
        ("a" * 32, "a" * 32 + "_model", "A" + "a" * 31 + "Model"),
    ],
)
def test_model_name_gives_file_and_class(render, model_name, module, model_class):
    project = render(model_name=model_name)
    assert f"class {model_class}(Model)" in (project / f"src/models/{module}.py").read_text()
    assert (
        f"implementation: {module}:{model_class}" in (project / "configs/config.yaml").read_text()
    )


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"service_name": "My Service"}, "Use lowercase letters, digits and single dashes"),
        ({"service_name": "a--b"}, "single dashes"),
        ({"service_name": "a" * 51}, "at most 50 characters"),
        ({"service_name": "service\n"}, "Use lowercase"),
        ({"service_name": "fastapi"}, "The service depends on a package of that name"),
        ({"description": ""}, "Say in a few words"),
        ({"description": " padded"}, "Remove the space"),
        ({"description": "two\nlines"}, "Use one line of text"),
        ({"description": "x" * 201}, "at most 200 characters"),
        ({"author_name": "Ada <ada@example.org>"}, "Use a plain name"),
        ({"author_name": "x" * 101}, "at most 100 characters"),
        ({"author_email": "not an address"}, "Leave it empty or type one address"),
        ({"author_email": "a@b@example.org"}, "one address"),
        ({"model_name": "Fraud-Model"}, "Use lowercase letters, digits and single underscores"),
        ({"model_name": "a" * 33}, "at most 32 characters"),
        ({"model_module": "../etc_model"}, "names the file of the model"),
        ({"model_backend": "onnx", "backends": ["sklearn"]}, "Select onnx as well"),
        ({"example_backend": "onnx"}, "example_backend is onnx, which backends lacks"),
        ({"example_backend": "onnx", "backends": ["sklearn"]}, "which backends lacks"),
        ({"example_backend": "onnx", "model_backend": "sklearn"}, "add it, as in --data"),
        ({"model_backend": "sklearn", "service_name": "joblib"}, "choose another service_name"),
        (
            {"backends": ["sklearn"], "layout": "named_package", "package_name": "skops"},
            "Python or a dependency has a module of that name",
        ),
        ({"package_manager": "conda"}, "not in"),
        ({"python_version": "3.9"}, "not in"),
        ({"layout": "named_package", "package_name": "My-Package"}, "Use lowercase letters"),
        ({"layout": "named_package", "package_name": "json"}, "has a module of that name"),
        ({"layout": "named_package", "package_name": "class"}, "has a module of that name"),
        ({"layout": "named_package", "package_name": "x" * 33}, "at most 32 characters"),
    ],
)
def test_refused_answer_is_told_in_a_sentence(render, answers, sentence):
    assert sentence in refusal(render, **answers)


@pytest.mark.parametrize(
    ("question", "answer", "offered"),
    [
        ("service_name", "Fraud Scoring API", "fraud-scoring-api"),
        ("service_name", "  fraud__scoring ", "fraud-scoring"),
        ("service_name", "2nd Service!", "nd-service"),
        ("service_name", "FastAPI", "fastapi-service"),
        ("service_name", "a" * 49 + " b", "a" * 49),
        ("model_name", "Fraud-Model v2", "fraud_model_v2"),
        ("model_name", "meta-llama/Llama-3.1-8B", "meta_llama_llama_3_1_8b"),
        ("package_name", "My-Package", "my_package"),
        ("package_name", "JSON", "json_service"),
    ],
)
def test_refused_name_is_answered_with_one_that_is_accepted(render, question, answer, offered):
    layout = {"layout": "named_package"} if question == "package_name" else {}
    assert f"did you mean {offered}?" in refusal(render, **layout, **{question: answer})
    assert answers_of(render(**layout, **{question: offered}))[question] == offered


@pytest.mark.parametrize("answer", ["---", "42", "数字"])
def test_refused_name_of_which_nothing_is_left_is_answered_with_an_example(render, answer):
    assert "50 characters: fraud-scoring" in refusal(render, service_name=answer)


@pytest.mark.parametrize("name", COMPUTED)
def test_computed_answer_cannot_be_set(render, name):
    assert "is computed from" in refusal(render, **{name: "elsewhere"})


@pytest.mark.parametrize("service_name", ["json", "class", "a" * 50, "import-this", "x-1-y"])
def test_package_name_has_a_valid_default_for_every_service(render, service_name):
    answers = answers_of(render(service_name=service_name, layout="named_package"))
    assert answers["package_name"].isidentifier()
    assert not keyword.iskeyword(answers["package_name"])


def test_reserved_names_are_complete(template, render):
    reserved = (template / "questions/reserved.jinja").read_text("utf-8").split()
    public = {name for name in sys.stdlib_module_names if not name.startswith("_")}
    assert public | {word for word in keyword.kwlist if word.islower()} <= {*reserved}
    pyproject = tomllib.loads(
        (render(features=QUESTIONS["features"]) / "pyproject.toml").read_text("utf-8")
    )
    groups = itertools.chain(*pyproject["dependency-groups"].values())
    dependencies = [*pyproject["project"]["dependencies"], *groups]
    names = {dependency.partition(">")[0].partition("[")[0] for dependency in dependencies}
    assert names <= {*reserved}


@pytest.mark.parametrize("version", ["9.19.0", "latest"])
def test_plain_copy_needs_no_trust_with_the_oldest_and_newest_copier(template, tmp_path, version):
    requirement = "copier>=9.19,<10" if version == "latest" else f"copier=={version}"
    commands = ensure_environment(ROOT / ".cache/tools" / f"copier-{version}", [requirement])
    command = [commands / "copier", "copy", "--defaults", template, tmp_path / "project"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    assert "uv run start-server" in done.stderr
    assert (tmp_path / "project/src/main.py").is_file()


def test_oldest_supported_copier_is_the_declared_one(template):
    assert '_min_copier_version: "9.19.0"' in (template / "copier.yml").read_text("utf-8")


def test_a_newcomer_who_presses_enter_at_every_question_gets_the_default_service(
    template, render, tmp_path
):
    """Copier's prompts need a terminal, so it gets one; Enter is pressed until it ends."""
    project = tmp_path / "project"
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "copier", "copy", str(template), str(project)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.set_blocking(ours, False)
        for _ in range(600):
            try:
                os.read(ours, 65536)
            except BlockingIOError:
                os.write(ours, b"\r")
            except OSError:
                break  # the other end is closed
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            break
        os.close(ours)
    assert process.returncode == 0
    default = render()
    for name in ("pyproject.toml", "configs/config.yaml", "src/main.py", "Dockerfile"):
        assert (project / name).read_text() == (default / name).read_text()


def test_next_commands_are_those_of_the_chosen_manager(template, tmp_path, capsys):
    for manager in ("uv", "poetry", "pdm"):
        answers = {"package_manager": manager}
        run_copy(str(template), tmp_path / manager, answers, defaults=True)
        assert f"{manager} run start-server" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answers", "backends", "example"),
    [
        ({}, None, "keyword"),
        ({"model_backend": "sklearn"}, ["sklearn"], "sklearn"),
        ({"model_backend": "onnx", "backends": ["sklearn", "onnx"]}, ["sklearn", "onnx"], "onnx"),
        ({"backends": ["onnx"]}, ["onnx"], "keyword"),
        ({"backends": ["onnx"], "example_backend": "onnx"}, ["onnx"], "onnx"),
        ({"model_backend": "sklearn", "preset": "minimal"}, ["sklearn"], "sklearn"),
    ],
)
def test_backends_are_recorded_once_there_are_any(render, answers, backends, example):
    recorded = answers_of(render(**answers))
    assert recorded.get("backends") == backends
    assert recorded["example_backend"] == example
    assert "torch_build" not in recorded


def test_build_of_pytorch_is_recorded_where_something_needs_it(render):
    assert answers_of(render(model_backend="torch"))["torch_build"] == "cpu"
    recorded = answers_of(render(backends=["sklearn", "torch"], torch_build="cuda"))
    assert recorded["torch_build"] == "cuda"
