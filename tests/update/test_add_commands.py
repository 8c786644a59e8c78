"""Every `add` command of the pages and of a project, run with real packages by each manager."""

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tools.managers import INSTALL, ROOT, environment

# Resolve and write, as the command alone does; install nothing, which takes minutes.
RESOLVE_ONLY = {"uv": "--no-sync", "poetry": "--lock", "pdm": "--no-sync"}
PACKAGES = {"dependency": "numpy", "development tool": "snowballstemmer"}


def on_the_pages(manager):
    pages = [*ROOT.glob("docs/**/*.md"), ROOT / "README.md"]
    text = "\n".join(page.read_text("utf-8") for page in pages)
    whole = re.findall(rf"^ *{manager} add .+$", text, re.MULTILINE)
    inline = re.findall(rf"`({manager} add [^`]*\w\"?)`", text)
    refused = {"poetry add", "poetry add numpy"}  # the pages warn of them
    # Those of `--dev` and `--group dev` alone name no package.
    named = [line.strip() for line in [*whole, *inline] if not re.search(r"(--dev|dev)$", line)]
    return sorted(set(named) - refused)


def in_the_project(project):
    text = (project / "DEVELOPMENT.md").read_text("utf-8")
    for task, package in PACKAGES.items():
        (command,) = re.findall(rf"^\| add a {task} \| `(.+?)` \|", text, re.MULTILINE)
        yield command.replace("<package>", package).replace("<version>", "2")


@pytest.mark.long
@pytest.mark.parametrize("manager", INSTALL)
def test_documented_add_command_works_with_real_packages(manager, render, tmp_path):
    commands = on_the_pages(manager)
    assert [line for line in commands if "numpy" in line]
    original = render(package_manager=manager)
    write_library(tmp_path / "libraries/features")  # which a page adds by its path
    commands += [*in_the_project(original)]
    for number, command in enumerate(commands):
        project = tmp_path / f"services/project-{number}"
        shutil.copytree(original, project)
        words = shlex.split(command, comments=True)
        words.insert(2, RESOLVE_ONLY[manager])
        done = subprocess.run(
            words, cwd=project, env=environment(manager), capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        (requirement,) = set(dependencies(project)) - set(dependencies(original))
        assert requirement.startswith(re.match(r"\w+", Path(words[-1]).name)[0])
        assert (project / f"{manager}.lock").is_file()
        check_place(project, requirement)


def write_library(folder):
    folder.mkdir(parents=True)
    (folder / "features.py").write_text("")
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "features"\nversion = "1.0"\n'
        '[build-system]\nrequires = ["hatchling>=1.33,<2"]\nbuild-backend = "hatchling.build"\n'
    )


def dependencies(project):
    pyproject = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    return pyproject["project"]["dependencies"] + pyproject["dependency-groups"]["dev"]


def check_place(project, requirement):
    """Check that a dependency is below the comment that updates do not touch."""
    text = (project / "pyproject.toml").read_text("utf-8")
    if requirement in tomllib.loads(text)["project"]["dependencies"]:
        assert text.index("# Your dependencies") < text.index(requirement)
