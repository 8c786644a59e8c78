"""The rendered service, with the models added as a user would: new files in `src/models/`."""

import json
import shutil
from pathlib import Path

from copier import run_copy

from benchmarks.serving.workload import MODELS, Workload
from tools.template import releases, snapshot, unpack


class Projects:
    """Rendered variants of the working tree and of an earlier release, each rendered once."""

    def __init__(self, folder: Path, before: str = "") -> None:
        self._folder = folder
        self._template = snapshot(folder / "template")
        self._before = folder / "before"
        if before:
            self._before.mkdir()
            unpack(releases()[before], self._before)
        self._rendered: dict[tuple[str, bool], Path] = {}

    def project(self, answers: str = "{}", *, before: bool = False) -> Path:
        """Return a project that is rendered with these answers, as JSON, and defaults."""
        if (answers, before) not in self._rendered:
            project = self._folder / f"project-{len(self._rendered)}"
            template, data = self._before if before else self._template, json.loads(answers)
            run_copy(str(template), project, data, defaults=True, quiet=True)
            for file in MODELS.glob("*_model.py"):
                shutil.copy2(file, project / "src" / "models")
            self._rendered[answers, before] = project
        return self._rendered[answers, before]


def variables(workload: Workload) -> dict[str, str]:
    """Return the settings by which a rendered service serves a model: none for its own.

    The cache is off for the others: with 256 inputs in turn it would hide the model.
    """
    if not workload.implementation:
        return {}
    return {"MODEL__IMPLEMENTATION": workload.implementation, "MODEL__CACHE_SIZE": "0"}
