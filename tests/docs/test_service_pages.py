"""Pages of whole services: their code is clean, and their own tests pass."""

import subprocess

import pytest

from tests.support.service_pages import ServicePage, environment
from tools.template import in_production, read_backends

PAGES = (
    "sentiment-service",
    "recommendation-service",
    "vision-service",
    "batch-predictions",
    "retrieval-service",
)


@pytest.fixture(scope="module")
def project(render, backend_commands):
    """One render with the files of all pages: the checks of a project take long."""
    features = [*in_production(), "images"]
    project = render(model_backend="onnx", backends=[*read_backends()], features=features)
    for name in PAGES:
        ServicePage(name, lambda **_: project, backend_commands)
    return project


def test_code_of_the_pages_is_clean(project, backend_tool):
    backend_tool(project, "ruff", "check", ".")
    backend_tool(project, "ruff", "format", "--check", ".")
    backend_tool(project, "mypy")
    backend_tool(project, "lint-imports")


def test_own_tests_of_the_pages_pass(project, backend_commands):
    tests = [str(path) for path in project.rglob("test_*.py") if is_of_a_page(path)]
    assert len(tests) == len(PAGES)
    done = subprocess.run(
        [backend_commands / "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=project,
        env=environment(project, backend_commands),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def is_of_a_page(path):
    words = ("sentiment", "recommender", "digits", "predict_file", "search")
    return any(word in path.name for word in words)
