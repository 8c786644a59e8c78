"""The engine's tests, copied into renders. A folder is named after the features that bring it."""

import re
import shutil

import yaml

from tools.managers import ROOT
from tools.template import with_needed

SUITE = ROOT / "tests/engine/suite"
FOLDERS = sorted(SUITE.iterdir())
# Folders whose tests look at these features, too, such as at metrics of versions.
LOOK_AT = {"versions": {"hardening", "metrics", "open_inference"}}


def folders(features):
    """Return the folders of the suite that a render with these features and backends runs."""
    chosen = {*with_needed(features), *features}
    return [
        folder
        for folder in FOLDERS
        if folder.name == "always"
        or ({*folder.name.split("_or_")} & chosen and LOOK_AT.get(folder.name, set()) <= chosen)
    ]


def add_suite(project, features=None):
    """Copy the suite into a render, with its import name in place of `src`; return that name.

    By default those folders that the answers of the render bring.
    """
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text("utf-8"))
    name = answers.get("package_name", "src")
    for folder in folders(features or [*answers["features"], *answers.get("backends", [])]):
        target = project / "tests/engine/suite" / folder.name
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("__pycache__"))
        for file in target.glob("*.py"):
            text = re.sub(r"\b(from|import) src\b", rf"\1 {name}", file.read_text("utf-8"))
            file.write_text(text, "utf-8")
    return name
