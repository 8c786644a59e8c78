"""The package stands alone: what the wheel contains, and what its code imports."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from open_inference_conformance import cli

HOME = Path(__file__).parent.parent
PACKAGE = HOME / "src" / "open_inference_conformance"
FOREIGN = {"benchmarks", "conformance", "docs", "template", "tests", "tools"}
"""Folders of the repository around this project."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel and return the names in it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=HOME, check=True, capture_output=True)
    [file] = folder.glob("*.whl")
    return zipfile.ZipFile(file)


def test_wheel_has_every_file_of_the_package(wheel):
    files = [file for file in PACKAGE.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    wanted = {file.relative_to(PACKAGE.parent).as_posix() for file in files}
    assert wanted <= set(wheel.namelist())
    for name in ("statements.yml", "suite/pytest.ini", "suite/open_inference_rest.yaml"):
        assert f"open_inference_conformance/{name}" in wanted


def test_wheel_has_nothing_else(wheel):
    roots = {name.partition("/")[0] for name in wheel.namelist()}
    assert {root for root in roots if not root.endswith(".dist-info")} == {PACKAGE.name}


def test_wheel_has_both_licences(wheel):
    names = {Path(name).name for name in wheel.namelist() if "/licenses/" in name}
    assert names == {"LICENSE", "Apache-2.0.txt"}


def imports(file):
    """Yield the modules that a file imports."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, file
            yield node.module


def test_nothing_imports_from_the_repository_around_it():
    files = [*PACKAGE.rglob("*.py"), *Path(__file__).parent.rglob("*.py")]
    assert len(files) > 40
    for file in files:
        assert not FOREIGN & {name.partition(".")[0] for name in imports(file)}, file


def test_no_module_of_the_package_imports_the_suite():
    for file in PACKAGE.glob("*.py"):
        assert not [name for name in imports(file) if "suite" in name], file


def test_command_is_installed():
    command = Path(sys.executable).with_name(cli.NAME)
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(cli.NAME)
