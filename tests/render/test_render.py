"""Renders: the exact file set, files that parse, code that is formatted, linted, typed, tested."""

import hashlib
import json
import re
import tomllib
from fnmatch import fnmatch

import pytest
import yaml

from tests.support.variants import ALL, LAYOUTS, PYTHON_VARIANTS, pairwise

MANAGERS, PYTHONS, CI = ["uv", "poetry", "pdm"], ["3.11", "3.12", "3.13"], ["github", "none"]
# Every pair of what branches; names and free text have suites of their own.
COMBINATIONS = [
    {**answers, **LAYOUTS[answers["layout"]], "features": [*answers["features"]]}
    for answers in pairwise(
        {
            "package_manager": MANAGERS,
            "python_version": PYTHONS,
            "ci": CI,
            "layout": [*LAYOUTS],
            "features": [tuple(ALL), (), *((name,) for name in ALL)],
        }
    )
]
# Those of the default render run in test_service.py, with each manager, and in tests/engine.
OWN_TESTS = [name for name in [*PYTHON_VARIANTS][1:] if not name.endswith("names")]

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
    "scripts/kept_edits.py",
    "scripts/moved_edits.py",
    "scripts/pinned_git.py",
    "scripts/renders.py",
    "scripts/setup_env.sh",
    "scripts/template_answers.py",
    "scripts/template_diff.py",
    "scripts/update.py",
    "scripts/update_checks.py",
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
    "tests/unit/models/test_dummy_model.py",
    "tests/unit/services/test_inference_service.py",
]
PACKAGE = [
    "__init__.py",
    "api/__init__.py",
    "api/dependencies.py",
    "api/errors.py",
    "api/health.py",
    "api/predict.py",
    "api/request_context.py",
    "api/request_cost.py",
    "api/schemas.py",
    "api/json_body/__init__.py",
    "api/json_body/body_validator.py",
    "api/json_body/json_route.py",
    "api/json_body/media_type.py",
    "app.py",
    "config/__init__.py",
    "config/base.py",
    "config/settings.py",
    "config/values.py",
    "core/__init__.py",
    "core/config.py",
    "core/config_errors.py",
    "core/errors.py",
    "core/importing.py",
    "core/logger.py",
    "core/metadata.py",
    "core/request.py",
    "core/variables.py",
    "main.py",
    "models/__init__.py",
    "models/base.py",
    "models/dummy_model.py",
    "models/loading.py",
    "models/core_schemas.py",
    "models/json_types.py",
    "models/methods.py",
    "parts.py",
    "services/__init__.py",
    "services/cache_keys.py",
    "services/declared_type.py",
    "services/inference_service.py",
    "services/model_calls.py",
    "services/model_runner.py",
    "services/observer.py",
    "services/prediction_cache.py",
    "services/prediction_log.py",
    "serving/__init__.py",
    "serving/connections/__init__.py",
    "serving/connections/connection_guard.py",
    "serving/connections/connection_setup.py",
    "serving/connections/http_protocol.py",
    "serving/connections/upgrades.py",
    "serving/limits/__init__.py",
    "serving/limits/size_limit.py",
    "serving/startup.py",
    "utils/__init__.py",
    "utils/helpers.py",
    "utils/json_cost.py",
    "utils/large_bodies.py",
]
# What the coverage gate of a service counts, beside what its users add.
COUNTED = {
    "api/health.py",
    "api/predict.py",
    "config/settings.py",
    "models/dummy_model.py",
    "services/inference_service.py",
}
OUTSIDE = ("Dockerfile", ".", "scripts/", "tests/")
# Files of a feature; those of the package are named from there.
FEATURES = {
    "docker": {
        ".dockerignore",
        "Dockerfile",
        "scripts/smoke_test.py",
    },
    "batching": {
        "config/batching.py",
        "services/batching.py",
    },
    "hardening": {
        "api/content_encoding.py",
        "config/hardening.py",
        "serving/config_changes.py",
        "serving/connections/connection_limits.py",
        "serving/fast_path.py",
        "serving/limits/admission.py",
        "serving/limits/body_reader.py",
        "serving/limits/model_threads.py",
        "serving/limits/request_limits.py",
        "serving/limits/request_watch.py",
        "serving/limits/slow_requests.py",
        "serving/process/__init__.py",
        "serving/process/forking.py",
        "serving/process/log_writer.py",
        "serving/process/overhead.py",
        "serving/process/process_guard.py",
        "serving/process/rolling_restart.py",
        "serving/process/shutdown.py",
        "serving/process/supervisor.py",
        "serving/process/uvicorn_server.py",
        "serving/process/watchdog.py",
        "serving/process/worker.py",
        "tests/performance/capacity.py",
    },
    "metrics": {
        "api/metrics/__init__.py",
        "api/metrics/observer.py",
        "api/metrics/processes.py",
        "api/metrics/prometheus.py",
        "api/metrics/worker_files.py",
        "tests/integration/test_metrics.py",
    },
    "open_inference": {
        "api/content_encoding.py",
        "api/open_inference/__init__.py",
        "api/open_inference/compression.py",
        "api/open_inference/failures.py",
        "api/open_inference/generate.py",
        "api/open_inference/infer.py",
        "api/open_inference/metadata.py",
        "api/open_inference/parameters.py",
        "api/open_inference/plan.py",
        "api/open_inference/raw_route.py",
        "api/open_inference/request.py",
        "api/open_inference/response.py",
        "api/open_inference/schemas.py",
        "api/streaming/__init__.py",
        "api/streaming/event_stream.py",
        "api/streaming/predict_stream.py",
        "api/streaming/schema_inlining.py",
        "models/datatypes.py",
        "services/streaming/__init__.py",
        "services/streaming/streamer.py",
        "services/streaming/streaming_model.py",
        "services/streaming/threaded_generator.py",
        "services/tensors/__init__.py",
        "services/tensors/binary.py",
        "services/tensors/byte_elements.py",
        "services/tensors/codec.py",
        "services/tensors/datatype_limits.py",
        "services/tensors/elements.py",
        "services/tensors/layout.py",
        "services/tensors/spec.py",
        "tests/integration/test_open_inference.py",
    },
    "uploads": {
        "api/uploads/__init__.py",
        "api/uploads/documents.py",
        "api/uploads/form.py",
        "api/uploads/media_types.py",
        "api/uploads/raw_response.py",
        "api/uploads/uploads.py",
    },
    "images": {
        "models/images.py",
        "utils/logged_warnings.py",
    },
    "versions": {
        "api/versions/__init__.py",
        "api/versions/models.py",
        "api/versions/repository.py",
        "api/versions/request_lease.py",
        "config/repository.py",
        "config/versions.py",
        "core/model_configs.py",
        "serving/config_changes.py",
        "serving/reloading.py",
        "services/versions/__init__.py",
        "services/versions/changes.py",
        "services/versions/leases.py",
        "services/versions/retirement.py",
        "services/versions/served_model.py",
        "services/versions/setting_names.py",
        "services/versions/several_models.py",
        "services/versions/shadow.py",
        "services/versions/source_tag.py",
        "services/versions/to_the_end.py",
        "services/versions/traffic.py",
        "services/versions/version.py",
    },
    "playground": {
        "api/playground.html",
        "api/playground.py",
        "config/playground.py",
        "tests/integration/test_playground.py",
    },
    "artifacts": {
        "config/artifact.py",
        "core/artifacts/__init__.py",
        "core/artifacts/__main__.py",
        "core/artifacts/card.py",
        "core/artifacts/card_table.py",
        "core/artifacts/cache.py",
        "core/artifacts/download.py",
        "core/artifacts/files.py",
        "core/artifacts/resolve.py",
        "core/artifacts/tags.py",
        "services/artifacts.py",
    },
    "processes": {
        "config/processes.py",
        "services/processes/__init__.py",
        "services/processes/child.py",
        "services/processes/messages.py",
        "services/processes/model_process.py",
        "services/processes/pool.py",
        "services/processes/remote_model.py",
        "services/processes/wire.py",
    },
    "recording": {
        "config/recording.py",
        "scripts/drift-requirements.txt",
        "scripts/drift_records.py",
        "scripts/drift_report.py",
        "services/recording/__init__.py",
        "services/recording/files.py",
        "services/recording/record.py",
        "services/recording/recorder.py",
        "services/recording/source.py",
        "services/recording/writer.py",
        "serving/last_records.py",
    },
}
# These bring all that artifacts have, too.
FEATURES["object_stores"] = {"core/artifacts/object_stores.py", *FEATURES["artifacts"]}
FEATURES["hugging_face"] = {"core/artifacts/hugging_face.py", *FEATURES["artifacts"]}
FEATURES["openai_api"] = {
    "api/openai_api/__init__.py",
    "api/openai_api/chat_completions.py",
    "api/openai_api/embeddings.py",
    "api/openai_api/error_form.py",
    "api/openai_api/schemas.py",
    "api/openai_api/served_models.py",
    "models/chat.py",
    "models/results.py",
    *FEATURES["open_inference"],
}
# Files that are rendered unless a feature does their work.
REPLACED = {"hardening": {"serving/limits/size_limit.py"}}


def files(project):
    return {file.relative_to(project).as_posix() for file in project.rglob("*") if file.is_file()}


def python_of(project):
    """Return the files that the checks of the code cover, without those for the image alone."""
    digest = hashlib.sha256()
    for name in sorted(files(project) - FEATURES["docker"]):
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
        for name in (name for feature in answers["features"] for name in REPLACED.get(feature, ())):
            expected.remove(f"{package}/{name}")
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


@pytest.mark.parametrize("features", [[], ALL])
def test_other_answers_leave_python_as_it_is(render, features):
    others = pairwise({"package_manager": MANAGERS, "python_version": PYTHONS, "ci": CI})
    assert len(others) > 8
    assert len({python_of(render(features=features, **answers)) for answers in others}) == 1
    without = [name for name in features if name != "docker"]
    assert python_of(render(features=without)) == python_of(render(features=features))


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
    """Two points above the gate of a project (95): a file that a user adds must fit below it."""
    tool(variant, "pytest", "-q", "-p", "no:cacheprovider", "--cov", "--cov-fail-under=97")


@pytest.mark.parametrize("features", [[], *([name] for name in FEATURES), [*FEATURES]])
def test_coverage_gate_leaves_out_the_engine_and_nothing_else(render, features):
    pyproject = tomllib.loads((render(features=features) / "pyproject.toml").read_text("utf-8"))
    names = {*PACKAGE, *(name for feature in features for name in FEATURES[feature])}
    names -= {name for feature in features for name in REPLACED.get(feature, ())}
    modules = {name for name in names if name.endswith(".py") and not name.startswith(OUTSIDE)}
    omitted = pyproject["tool"]["coverage"]["report"]["omit"]
    matched = {
        pattern: {name for name in modules if fnmatch(f"service/src/{name}", pattern)}
        for pattern in omitted
    }
    left_out = set().union(*matched.values())
    assert {name for name in modules - left_out if not name.endswith("__init__.py")} == COUNTED
    assert all(matched.values())


def test_import_contracts_are_not_empty(render, tool):
    project = render()
    (project / "src/models/upward.py").write_text("from ..services import inference_service\n")
    with pytest.raises(AssertionError, match="Imports point down BROKEN"):
        tool(project, "lint-imports", "--no-cache")
    (project / "src/models/upward.py").write_text("import fastapi\n")
    with pytest.raises(AssertionError, match="No HTTP below the API BROKEN"):
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
