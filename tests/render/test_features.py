"""The table of features: one row is all that a feature needs besides its own files."""

import re
import shutil

import pytest
import yaml
from copier import run_copy

from tools.managers import ROOT
from tools.template import read_features

NAME = "example_feature"


def apply_diff(diff, template):
    """Apply a diff without line numbers; return the paths of changed and of new files."""
    changed, new = [], []
    for file in re.split(r"^(?=--- )", diff, flags=re.MULTILINE)[1:]:
        old, name, _, *lines = file.splitlines()
        path = template / name.removeprefix("+++ b/")
        after = "".join(f"{line[1:]}\n" for line in lines)
        if old == "--- /dev/null":
            assert not path.exists()
            path.write_text(after, "utf-8")
            new.append(path)
            continue
        before = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
        text = path.read_text("utf-8")
        assert text.count(before) == 1
        path.write_text(text.replace(before, after), "utf-8")
        changed.append(path)
    return changed, new


@pytest.fixture(scope="module")
def extended(template, tmp_path_factory):
    """The template with the feature that CONTRIBUTING.md adds."""
    folder = tmp_path_factory.mktemp("extended") / "template"
    shutil.copytree(template, folder)
    (diff,) = re.findall(
        r"```diff\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL
    )
    changed, new = apply_diff(diff, folder)
    assert changed == [folder / "questions/features.jinja"]
    assert len(new) == len(read_features(folder)[NAME]["files"])
    return folder


@pytest.fixture(scope="module")
def with_it(extended, tmp_path_factory):
    folder = tmp_path_factory.mktemp("with") / "project"
    run_copy(str(extended), folder, {}, defaults=True, quiet=True)
    return folder


def test_row_brings_choice_files_settings_dependencies_and_tables(with_it):
    answers = yaml.safe_load((with_it / ".copier-answers.yml").read_text("utf-8"))
    assert answers["features"][-1] == NAME
    texts = {
        ".env.example": "\n# The greeting\n# EXAMPLE_FEATURE__TEXT=hello\n",
        "DEVELOPMENT.md": "\n| `example_feature.text` | `hello` | what `/greeting` returns |\n",
        "pyproject.toml": '\n    "more-itertools>=10,<12",\n    # Your dependencies\n',
        "src/config/settings.py": "\n    example_feature: ExampleFeatureSettings = ",
    }
    for name, text in texts.items():
        assert text in (with_it / name).read_text("utf-8"), name
    assert "\n| `GET /greeting` | the greeting |\n" in (with_it / "DEVELOPMENT.md").read_text(
        "utf-8"
    )


def test_feature_works_and_is_clean(with_it, tool):
    tool(with_it, "pytest", "-q", "-p", "no:cacheprovider", "tests/integration/test_greeting.py")
    tool(with_it, "ruff", "format", "--check", "--no-cache", ".")
    tool(with_it, "ruff", "check", "--no-cache", ".")
    tool(with_it, "mypy", "--no-incremental")


def test_feature_that_is_not_chosen_leaves_nothing(extended, render, tmp_path):
    features = [name for name in read_features() if name != NAME]
    without = tmp_path / "project"
    run_copy(str(extended), without, {"features": features}, defaults=True, quiet=True)
    before, after = (
        {
            file.relative_to(project): file.read_bytes()
            for file in project.rglob("*")
            if file.is_file()
        }
        for project in (render(features=features), without)
    )
    assert {name for name in before if before[name] != after[name]} == {
        (without / ".copier-answers.yml").relative_to(without)
    }
    assert before.keys() == after.keys()


def test_every_file_of_the_table_is_in_the_template(template):
    """A misspelt name would be rendered for everybody."""
    names = {
        re.sub(r"\.jinja$", "", file.relative_to(template / "template").as_posix())
        for file in (template / "template").rglob("*")
    }
    for feature, row in read_features().items():
        for file in [*row["files"], *row.get("replaces", ())]:
            path = file[1:] if file.startswith("/") else f"{{{{ package_path }}}}/{file}"
            assert path in names, f"{feature}: {file}"
