"""Renders: the exact file set, files that parse, code that is formatted, linted, typed, tested."""

import hashlib
import itertools
import json
import re
import tomllib

import pytest
import yaml

LAYOUTS = {
    "src_package": {"layout": "src_package"},
    "named_package": {"layout": "named_package", "package_name": "fraud_scoring"},
}
# Every combination of what branches; names and free text have suites of their own.
COMBINATIONS = [
    {"package_manager": manager, "python_version": python, "ci": ci, "features": features, **layout}
    for manager, python, ci, features, layout in itertools.product(
        ["uv", "poetry", "pdm"],
        ["3.11", "3.12", "3.13"],
        ["github", "none"],
        [
            ["batching", "hardening", "open_inference", "metrics", "playground", "docker"],
            ["docker"],
            [],
        ],
        LAYOUTS.values(),
    )
]
# Python code differs between these alone; `test_other_answers_leave_python_as_it_is` says so.
PYTHON_VARIANTS = {
    **LAYOUTS,
    "no feature": {"features": []},
    "batching alone": {"features": ["batching"]},
    "hardening alone": {"features": ["hardening"]},
    "open_inference alone": {"features": ["open_inference"]},
    "metrics alone": {"features": ["metrics"]},
    "playground alone": {"features": ["playground"]},
    "shortest names": {"layout": "named_package", "package_name": "a", "model_name": "b"},
    "longest names": {
        "layout": "named_package",
        "service_name": "s" * 50,
        "package_name": "zzz_" + "p" * 28,
        "model_name": "m" * 32,
    },
}

OWN_TESTS = [name for name in PYTHON_VARIANTS if not name.endswith("names")]

ALWAYS = [
    ".copier-answers.yml",
    ".env.example",
    ".gitattributes",
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "DEVELOPMENT.md",
    "MODEL_CARD.md",
    "Makefile",
    "README.md",
    "configs/config.yaml",
    "pyproject.toml",
    "scripts/doctor.py",
    "scripts/setup_env.sh",
    "tests/conftest.py",
    "tests/integration/test_app.py",
    "tests/integration/test_errors.py",
    "tests/integration/test_health.py",
    "tests/integration/test_predict.py",
    "tests/integration/test_process.py",
    "tests/performance/locustfile.py",
    "tests/performance/test_load.py",
    "tests/unit/config/test_settings.py",
    "tests/unit/core/test_config.py",
    "tests/unit/core/test_importing.py",
    "tests/unit/core/test_logger.py",
    "tests/unit/models/test_base.py",
    "tests/unit/models/test_dummy_model.py",
    "tests/unit/services/test_inference_service.py",
    "tests/unit/services/test_model_runner.py",
    "tests/unit/utils/test_helpers.py",
]
PACKAGE = [
    "__init__.py",
    "api/__init__.py",
    "api/dependencies.py",
    "api/errors.py",
    "api/health.py",
    "api/predict.py",
    "api/request_context.py",
    "api/schemas.py",
    "app.py",
    "config/__init__.py",
    "config/section.py",
    "config/settings.py",
    "core/__init__.py",
    "core/config.py",
    "core/errors.py",
    "core/importing.py",
    "core/logger.py",
    "core/metadata.py",
    "main.py",
    "models/__init__.py",
    "models/base.py",
    "models/dummy_model.py",
    "models/loading.py",
    "services/__init__.py",
    "services/inference_service.py",
    "services/model_runner.py",
    "services/prediction_log.py",
    "utils/__init__.py",
    "utils/helpers.py",
]
OUTSIDE = ("Dockerfile", ".", "tests/")
# Files of a feature; those of the package are named from there.
FEATURES = {
    "docker": {"Dockerfile", ".dockerignore"},
    "batching": {
        "config/batching.py",
        "services/batching.py",
        "tests/unit/services/test_batching.py",
    },
    "hardening": {
        "api/encodings.py",
        "api/exchange.py",
        "api/fast_path.py",
        "api/fast_route.py",
        "api/header_guard.py",
        "api/limits.py",
        "api/lookout.py",
        "api/server.py",
        "api/supervision.py",
        "api/validation.py",
        "config/hardening.py",
        "core/lifecycle.py",
        "core/log_writer.py",
        "services/admission.py",
        "tests/integration/limited.py",
        "tests/integration/served.py",
        "tests/integration/test_fast_path.py",
        "tests/integration/test_fast_path_guards.py",
        "tests/integration/test_limits.py",
        "tests/integration/test_server.py",
        "tests/integration/test_turns.py",
        "tests/integration/test_workers.py",
        "tests/unit/api/test_encodings.py",
        "tests/unit/api/test_exchange.py",
        "tests/unit/api/test_fast_route.py",
        "tests/unit/api/test_lookout.py",
        "tests/unit/core/test_lifecycle.py",
        "tests/unit/core/test_log_writer.py",
        "tests/unit/services/test_admission.py",
    },
    "metrics": {"api/metrics.py", "tests/integration/test_metrics.py"},
    "open_inference": {
        "api/compression.py",
        "api/encodings.py",
        "api/event_stream.py",
        "api/generate.py",
        "api/infer.py",
        "api/inference_errors.py",
        "api/inference_plan.py",
        "api/inference_request.py",
        "api/inference_response.py",
        "api/inference_schemas.py",
        "api/open_inference.py",
        "api/request_route.py",
        "api/streaming.py",
        "models/datatypes.py",
        "services/model_tensors.py",
        "services/parts_of_thread.py",
        "services/streaming.py",
        "services/tensor_data.py",
        "services/tensor_spec.py",
        "services/tensors.py",
        "tests/integration/test_open_inference.py",
        "tests/integration/test_open_inference_errors.py",
        "tests/integration/test_streaming.py",
        "tests/unit/api/test_compression.py",
        "tests/unit/api/test_encodings.py",
        "tests/unit/api/test_event_stream.py",
        "tests/unit/api/test_inference_request.py",
        "tests/unit/services/test_model_tensors.py",
        "tests/unit/services/test_parts_of_thread.py",
        "tests/unit/services/test_tensor_spec.py",
        "tests/unit/services/test_tensors.py",
    },
    "playground": {
        "api/playground.html",
        "api/playground.py",
        "config/playground.py",
        "tests/integration/test_playground.py",
    },
}


def files(project):
    return {file.relative_to(project).as_posix() for file in project.rglob("*") if file.is_file()}


def python_of(project):
    """What the checks of the code look at."""
    digest = hashlib.sha256()
    for name in sorted(files(project)):
        if name.endswith((".py", ".toml")):
            text = (project / name).read_text("utf-8")
            if name == "pyproject.toml":
                text = json.dumps(tomllib.loads(text)["tool"]["ruff"])
            digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def renders(render):
    return [(answers, render(**answers)) for answers in COMBINATIONS]


@pytest.fixture(scope="module", params=PYTHON_VARIANTS)
def variant(request, render):
    return render(**PYTHON_VARIANTS[request.param])


def test_file_set_is_exactly_what_the_answers_ask_for(renders):
    for answers, project in renders:
        package = "src" if answers["layout"] == "src_package" else "src/fraud_scoring"
        expected = {*ALWAYS, *(f"{package}/{name}" for name in PACKAGE)}
        if answers["layout"] == "named_package":
            expected.add("src/main.py")
        for name in (name for feature in answers["features"] for name in FEATURES[feature]):
            expected.add(name if name.startswith(OUTSIDE) else f"{package}/{name}")
        if answers["ci"] == "github":
            expected.update({".github/workflows/ci.yml", ".github/renovate.json5"})
        assert files(project) == expected, answers


def test_every_file_parses_and_has_no_jinja_left(renders):
    for _, project in renders:
        for name in files(project):
            text = (project / name).read_text("utf-8")
            assert text.endswith("\n") or not text, name
            assert not re.search(r"[ \t]$", text, re.MULTILINE), f"{name}: space at a line's end"
            # GitHub's expressions and Python's f-strings have braces of their own.
            braces = re.sub(r"\$\{\{.*?\}\}", "", text)
            assert "{%" not in braces, name
            if not name.endswith(".py"):
                assert "{{" not in braces, name
            if name.endswith(".toml"):
                tomllib.loads(text)
            if name.endswith((".yml", ".yaml")):
                assert yaml.safe_load(text)
            if name.endswith(".py"):
                compile(text, name, "exec")


def test_other_answers_leave_python_as_it_is(renders):
    seen = {}
    for answers, project in renders:
        features = tuple(name for name in answers["features"] if name != "docker")
        seen.setdefault((answers["layout"], features), set()).add(python_of(project))
    assert {variant: len(texts) for variant, texts in seen.items()} == {
        (layout, features): 1
        for layout in LAYOUTS
        for features in [(), ("batching", "hardening", "open_inference", "metrics", "playground")]
    }


def test_preset_alone_leaves_python_as_it_is(render):
    presets = ("minimal", "production", "custom")
    assert len({python_of(render(preset=preset, features=[])) for preset in presets}) == 1


def test_python_version_steers_image_and_ci_alone(render):
    project = render(python_version="3.12")
    assert 'requires-python = ">=3.11,<4"' in (project / "pyproject.toml").read_text()
    assert "python:3.12-slim" in (project / "Dockerfile").read_text()
    assert 'python-version: "3.12"' in (project / ".github/workflows/ci.yml").read_text()


def test_readme_names_no_package_manager(renders):
    """It is the user's from the first day, so a later switch of manager cannot correct it."""
    for _, project in renders:
        text = (project / "README.md").read_text().lower()
        assert not re.search(r"\b(uv|poetry|pdm)\b", text)


def test_managers_differ_in_few_places(render):
    texts = {}
    for manager in ("uv", "poetry", "pdm"):
        project = render(package_manager=manager)
        texts[manager] = {name: (project / name).read_text("utf-8") for name in files(project)}
    differing = {
        name for name in texts["uv"] if len({texts[manager][name] for manager in texts}) > 1
    }
    assert differing == {
        ".copier-answers.yml",
        ".github/workflows/ci.yml",
        ".pre-commit-config.yaml",
        "DEVELOPMENT.md",
        "Dockerfile",
        "Makefile",
        "pyproject.toml",
        "scripts/setup_env.sh",
    }


def test_code_is_formatted(variant, tool):
    tool(variant, "ruff", "format", "--check", "--no-cache", ".")


def test_code_is_linted(variant, tool):
    tool(variant, "ruff", "check", "--no-cache", ".")


def test_types_are_clean(variant, tool):
    tool(variant, "mypy", "--no-incremental")


def test_import_contracts_hold(variant, tool):
    tool(variant, "lint-imports", "--no-cache")


@pytest.mark.parametrize("variant", OWN_TESTS, indirect=True)
def test_own_tests_pass_and_cover_the_code(variant, tool):
    tool(variant, "pytest", "-q", "-p", "no:cacheprovider", "--cov", "--cov-fail-under=95")


def test_import_contracts_are_not_empty(render, tool):
    project = render()
    (project / "src/models/upward.py").write_text("from ..services import inference_service\n")
    with pytest.raises(AssertionError, match="Imports point down BROKEN"):
        tool(project, "lint-imports", "--no-cache")
    (project / "src/models/upward.py").write_text("import fastapi\n")
    with pytest.raises(AssertionError, match="Only the API knows HTTP BROKEN"):
        tool(project, "lint-imports", "--no-cache")


def test_ci_runs_the_targets_that_check_runs(render):
    project = render()
    (check,) = re.findall(
        r"^check: (.*?) ##", (project / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    workflow = yaml.safe_load((project / ".github/workflows/ci.yml").read_text("utf-8"))
    steps = [step.get("run", "") for step in workflow["jobs"]["check"]["steps"]]
    assert [
        step.removeprefix("make ") for step in steps if step.startswith("make ")
    ] == check.split()
