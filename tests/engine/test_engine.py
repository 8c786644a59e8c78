"""The tests of the engine pass in renders, together with the rendered ones, and cover the package.

A folder of the suite is named after the features of which one brings what it tests, or `always`.
"""

from pathlib import Path

import pytest

from tests.support.suite import FOLDERS, LOOK_AT, add_suite, folders
from tests.support.variants import PYTHON_VARIANTS
from tools.template import read_backends

HERE = Path(__file__).parent
FEATURES = (
    *("batching", "hardening", "open_inference", "metrics", "playground"),
    *("uploads", "images", "versions", "artifacts", "processes", "recording", "openai_api"),
)
ALL_TESTS = ("tests/unit", "tests/integration", "tests/engine")
WHOLE = ["src_package", "no feature", "no feature, named_package", "open_inference alone"]
WITH_OTHERS = [*WHOLE, *(f"{feature} alone" for feature in LOOK_AT)]
ALONE = [name for name in PYTHON_VARIANTS if name.endswith("alone") and name not in WITH_OTHERS]


@pytest.mark.parametrize("variant", WHOLE)
def test_suite_passes_and_covers_the_engine(render, tool, variant):
    project = render(**PYTHON_VARIANTS[variant])
    package = add_suite(project)
    coverage = [f"--cov={package}", f"--cov-config={HERE / 'coverage.toml'}"]
    tool(project, "pytest", "-q", "-p", "no:cacheprovider", *coverage, *ALL_TESTS)


@pytest.mark.parametrize("variant", ALONE)
def test_tests_of_a_feature_pass_without_the_others(render, tool, variant):
    project = render(**PYTHON_VARIANTS[variant])
    add_suite(project)
    own = folders(PYTHON_VARIANTS[variant]["features"])[1:]
    paths = [f"tests/engine/suite/{folder.name}" for folder in own]
    assert paths
    tool(project, "pytest", "-q", "-p", "no:cacheprovider", *ALL_TESTS[:2], *paths)


def test_suite_is_typed(render, tool):
    project = render(features=[*FEATURES])
    add_suite(project)
    tool(project, "mypy", "--no-incremental")


def test_every_folder_of_the_suite_is_of_a_feature():
    assert [folder.name for folder in folders([])] == ["always"]
    assert folders([*FEATURES, *read_backends()]) == FOLDERS
