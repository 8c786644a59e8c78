"""Services with a backend, installed by their manager as the README says."""

from collections.abc import Callable

import pytest

from tests.backends.installed import Installed
from tests.support.contract import readme_commands, sh
from tests.support.variants import LAYOUTS
from tools.managers import environment

collect_ignore_glob = ["files/*"]


@pytest.fixture(scope="session")
def install(render) -> Callable[[str], Installed]:
    """Render a service with backend, manager, preset and layout, and set it up."""

    def install(choices: str) -> Installed:
        backend, manager, preset, layout = choices.split()
        answers = {"model_backend": backend, "package_manager": manager, "preset": preset}
        project = render(**answers, **LAYOUTS[layout])
        env = environment(manager, *(["uv"] if manager == "pdm" else []))
        assert "Start the API" in sh(readme_commands(project)[0], project, env)
        package = next(path.parent for path in (project / "src").rglob("app.py"))
        return Installed(project, package, answers, env, [manager, "run", "start-server"])

    return install
