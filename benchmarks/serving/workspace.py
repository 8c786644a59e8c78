"""The workspace of a run: its folder, its cores, environments and rendered projects."""

import shutil
from pathlib import Path

from benchmarks.serving import environments, machine, rendering
from benchmarks.serving.options import Options
from benchmarks.serving.system import System
from benchmarks.serving.workload import PEERS, Workload
from tools.managers import environment

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Workspace:
    """Resources that the servers of a run share."""

    def __init__(self, options: Options, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.server_core, self.load_core = machine.cores()
        self.projects = rendering.Projects(folder, options.before)
        self.environment = {**environment(), **ONE_THREAD}
        self.environment["TMPDIR"] = str(folder)
        self._peers = Path(shutil.copytree(PEERS, folder / "peers"))  # some write where they run

    @property
    def python(self) -> Path:
        """The Python that runs the rendered service."""
        return self.commands(environments.FASTAPI) / "python"

    @property
    def artifact_python(self) -> Path:
        """The Python that makes the models' files."""
        return self.commands(environments.ARTIFACTS) / "python"

    def commands(self, name: str) -> Path:
        """Return the folder of commands of an environment, which is created if it is missing."""
        return environments.ensure(name, self.projects.project())

    def versions(self, name: str) -> dict[str, str]:
        """Return the versions that the page shows."""
        found = environments.versions(self.commands(name))
        return {shown: found[shown] for shown in environments.SHOWN if shown in found}

    def start_folder(self, system: System) -> Path:
        """Return the folder in which a system is started."""
        if system.folder:
            return self._peers / system.folder
        return self.projects.project(system.answers, before=system.before)

    def variables(self, system: System, workload: Workload) -> dict[str, str]:
        """Return the variables with which a system serves a model."""
        if not system.folder:
            return {**self.environment, **rendering.variables(workload)}
        return {**self.environment, "PYTHONPATH": str(self._peers / "common")}
