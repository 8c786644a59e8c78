"""The rendered service, with the models put in as a user would: new files in `src/models/`."""

import json
import shutil
from pathlib import Path

from copier import run_copy

from benchmarks.serving.workload import MODELS, Workload
from tools.template import snapshot


class Projects:
    """Renders each variant once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = snapshot(folder / "template")
        self._rendered: dict[str, Path] = {}

    def project(self, answers: str = "{}") -> Path:
        """Give a project that is rendered with these answers, as JSON, and defaults."""
        if answers not in self._rendered:
            project = self._folder / f"project-{len(self._rendered)}"
            data = json.loads(answers)
            run_copy(str(self._template), project, data, defaults=True, quiet=True)
            for file in MODELS.glob("*_model.py"):
                shutil.copy2(file, project / "src" / "models")
            self._rendered[answers] = project
        return self._rendered[answers]


def variables(workload: Workload) -> dict[str, str]:
    """Give the settings by which a rendered service serves a model: none for its own.

    The cache is off for the others: with 256 inputs in turn it would hide the model.
    """
    if not workload.implementation:
        return {}
    return {"MODEL__IMPLEMENTATION": workload.implementation, "MODEL__CACHE_SIZE": "0"}
