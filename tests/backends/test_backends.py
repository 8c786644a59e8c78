"""Backends: what each choice renders, its example, and all checks of such a render."""

import re
import shutil
import subprocess
import tomllib

import pytest
import yaml

from tests.support.suite import add_suite
from tests.support.variants import LAYOUTS
from tests.update.project import files
from tools.managers import ROOT
from tools.template import files_of, read_backends

TABLE = read_backends()
WITH_ARTIFACT = [name for name, row in TABLE.items() if "suffix" in row]
ALL = ["batching", "hardening", "open_inference", "metrics", "playground", "docker"]
COVERAGE = ROOT / "tests/engine/coverage.toml"
VARIANTS = {
    **{name: {"model_backend": name} for name in TABLE},
    **{f"{name}, minimal": {"model_backend": name, "preset": "minimal"} for name in TABLE},
    "all, named_package": {
        "model_backend": "onnx",
        "backends": [*TABLE],
        **LAYOUTS["named_package"],
    },
    "keyword": {"backends": [*TABLE]},
    **{
        f"{name}, longest names": {
            "model_backend": name,
            "layout": "named_package",
            "package_name": "zzz_" + "p" * 28,
            "model_name": "m" * 32,
            "features": [],
        }
        for name in TABLE
    },
}
OF_THE_EXAMPLE = {"scripts/make_example_model.py", "tests/integration/conftest.py"}


@pytest.fixture(scope="module", params=VARIANTS)
def variant(request, render):
    return render(**VARIANTS[request.param])


def test_keyword_has_nothing_of_a_backend(render):
    project = render()
    text = b"\n".join(files(project).values()).decode()
    for row in TABLE.values():
        assert not [name for name in files_of(row) if f"src/{name}" in files(project)]
        assert not [line for line in row["dependencies"] if line in text]
    assert not OF_THE_EXAMPLE & {*files(project)}
    assert not (project / "artifacts").exists()


@pytest.mark.parametrize("name", TABLE)
def test_choice_adds_the_files_of_its_row_and_of_its_example(render, name):
    before, after = files(render(features=ALL)), files(render(features=ALL, model_backend=name))
    own = {f"src/{file}" for file in files_of(TABLE[name])}
    if name in WITH_ARTIFACT:
        own |= {"artifacts/.gitignore", *OF_THE_EXAMPLE}
        own |= {*files(render(features=[*ALL, "artifacts"]))} - {*before}
    assert before.keys() - after.keys() == set()
    assert after.keys() - before.keys() == own
    pyproject = tomllib.loads(after["pyproject.toml"].decode())
    assert {*TABLE[name]["dependencies"]} <= {*pyproject["project"]["dependencies"]}
    assert {*TABLE[name].get("development", ())} <= {*pyproject["dependency-groups"]["dev"]}
    model = yaml.safe_load(after["configs/config.yaml"])["model"]
    assert model.get("options") == TABLE[name].get("options")
    uri = f"artifacts/dummy_model{TABLE[name].get('suffix')}"
    assert model.get("artifact") == ({"uri": uri} if name in WITH_ARTIFACT else None)


def test_backend_without_example_leaves_the_files_of_the_user(render):
    before, after = files(render()), files(render(backends=[*TABLE]))
    changed = {name for name in before if after[name] != before[name]}
    assert not [n for n in changed if n.startswith(("src/models/", "tests/", "configs/"))]
    assert not OF_THE_EXAMPLE & {*after}


def test_dependencies_are_listed_once_in_the_order_of_the_table(render):
    texts = [
        (render(backends=backends) / "pyproject.toml").read_text("utf-8")
        for backends in (["sklearn", "onnx"], ["onnx", "sklearn"])
    ]
    assert texts[0] == texts[1]
    assert texts[0].count('"numpy') == 1


def test_names_of_all_libraries_are_reserved(backend_commands):
    """Those that the environment has more than that of a render without backends."""
    code = "import importlib.metadata as m; print(*m.packages_distributions())"
    found = [
        subprocess.run(
            [folder / "python", "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
        for folder in (backend_commands, ROOT / ".cache/rendered/bin")
    ]
    names = {name for name in {*found[0]} - {*found[1]} if not name.startswith("_")}
    reserved = " ".join(row["modules"] for row in TABLE.values())
    assert names <= {*reserved.split()}


def test_code_is_formatted_linted_typed_and_imports_point_down(variant, backend_tool):
    backend_tool(variant, "ruff", "format", "--check", "--no-cache", ".")
    backend_tool(variant, "ruff", "check", "--no-cache", ".")
    backend_tool(variant, "mypy", "--no-incremental")
    backend_tool(variant, "lint-imports", "--no-cache")


@pytest.mark.parametrize(
    "variant", ["sklearn", "onnx, minimal", "openai_compatible", "keyword"], indirect=True
)
def test_own_tests_pass_and_cover_the_code(variant, backend_tool):
    """In a fresh checkout: they make the artifact."""
    shutil.rmtree(variant / "artifacts", ignore_errors=True)
    backend_tool(variant, "pytest", "-q", "-p", "no:cacheprovider", "--cov", "--cov-fail-under=97")


def test_suites_of_the_backends_pass_and_cover_them(render, backend_tool):
    project = render(**VARIANTS["all, named_package"])
    package = add_suite(project, ["always", *TABLE])
    paths = [f"tests/engine/suite/{name}" for name in TABLE]
    coverage = [f"--cov={package}", "--cov-config=/dev/null", "--cov-report=term", "--cov-branch"]
    printed = backend_tool(project, "pytest", "-q", "-p", "no:cacheprovider", *coverage, *paths)
    for file in {file for row in TABLE.values() for file in files_of(row)}:
        covered = re.search(rf"/{re.escape(file)} .* (\d+)%", printed)
        assert covered, file
        assert int(covered[1]) >= 95, covered[0]
    backend_tool(project, "mypy", "--no-incremental")


@pytest.mark.parametrize("name", WITH_ARTIFACT)
def test_artifact_of_the_example_is_quick_to_make_and_never_in_git(render, backend_commands, name):
    project = render(model_backend=name)
    script = [backend_commands / "python", "scripts/make_example_model.py"]
    done = subprocess.run(script, cwd=project, capture_output=True, text=True, check=True)
    assert re.search(r"\n    sha256: [0-9a-f]{64}\n", done.stdout)
    artifact = f"artifacts/dummy_model{TABLE[name]['suffix']}"
    made = [path for path in (project / "artifacts").rglob("[!.]*") if path.is_file()]
    assert sum(path.stat().st_size for path in made) < 200_000
    told = yaml.safe_load((project / "artifacts/dummy_model.card.yaml").read_text("utf-8"))
    checksum = [backend_commands / "python", "-m", "src.core.artifacts", artifact]
    done = subprocess.run(checksum, cwd=project, capture_output=True, text=True, check=True)
    assert told["sha256"] == done.stdout.strip()
    assert 0.5 < told["metrics"]["accuracy"] < 1
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
    listing = ["git", "ls-files", "--others", "--exclude-standard", "artifacts"]
    found = subprocess.run(listing, cwd=project, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["artifacts/.gitignore"]


@pytest.mark.parametrize("name", WITH_ARTIFACT)
def test_make_runs_the_script_once_and_not_without_it(render, name):
    project = render(model_backend=name, features=[])

    def run(target):
        make = ["make", target, "RUN=true", "--no-print-directory"]
        return subprocess.run(make, cwd=project, capture_output=True, text=True, check=True).stdout

    for target in ("run", "dev", "test", "coverage"):
        assert run(target).splitlines()[0] == "true python scripts/make_example_model.py"
    assert "make_example_model" not in run("lint")
    artifact = project / f"artifacts/dummy_model{TABLE[name]['suffix']}"
    artifact.write_bytes(b"")
    assert "make_example_model" not in run("run")
    artifact.unlink()
    (project / "scripts/make_example_model.py").unlink()
    assert "make_example_model" not in run("run")


def test_image_has_the_artifacts(render):
    project = render(model_backend="onnx")
    assert "\nCOPY artifacts ./artifacts\n" in (project / "Dockerfile").read_text("utf-8")
    assert "\n!artifacts\n" in (project / ".dockerignore").read_text("utf-8")
    assert "artifacts" not in (render() / "Dockerfile").read_text("utf-8")
    assert "artifacts" not in (render() / ".dockerignore").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "file", "line"),
    [
        ("sklearn", None, "it is the example's, make it: python scripts/make_example_model.py"),
        ("onnx", None, "it is the example's, make it: python scripts/make_example_model.py"),
        ("sklearn", "dummy_model.skops", "cannot be loaded: BadZipFile: File is not a zip file"),
        ("onnx", "dummy_model.onnx", "cannot be loaded by ONNX Runtime"),
        ("sklearn", "dummy_model.joblib", "model.artifact.allow_pickle: "),
        ("onnx", "dummy_model.skops", "must end with .onnx"),
        ("torch", None, "it is the example's, make it: python scripts/make_example_model.py"),
        ("torch", "dummy_model.safetensors", "cannot be loaded: SafetensorError: "),
        ("torch", "dummy_model.ckpt", "not a checkpoint that `torch.save` has written"),
        ("torch", "dummy_model.pt2", "model.artifact.allow_pickle: "),
        (
            "transformers",
            None,
            "it is the example's, make it: python scripts/make_example_model.py",
        ),
        ("transformers", "model.safetensors", "must be a folder, as save_pretrained writes it"),
        ("transformers", "model.pt", "model.artifact.allow_pickle: "),
        ("mlflow", None, "it is the example's, make it: python scripts/make_example_model.py"),
        ("mlflow", "dummy_model.skops", "must be a folder with a file MLmodel"),
        ("mlflow", "dummy_model.pkl", "model.artifact.allow_pickle: "),
    ],
)
def test_artifact_that_cannot_be_loaded_ends_the_start_with_one_line(
    render, backend_commands, name, file, line
):
    project = render(model_backend=name, features=[])
    env = {"PATH": "/usr/bin:/bin", "API_HOST": "127.0.0.1", "API_PORT": "0"}
    if file:
        (project / "artifacts" / file).write_bytes(b"This is text.")
        env["MODEL__ARTIFACT__URI"] = f"artifacts/{file}"
    start = [backend_commands / "python", "src/main.py"]
    done = subprocess.run(start, cwd=project, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 78
    last = done.stdout.splitlines()[-1]
    assert "CRITICAL - The model cannot be loaded: " in last
    assert line in last
    assert "Traceback" not in done.stdout + done.stderr
