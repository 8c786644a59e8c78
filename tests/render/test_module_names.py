"""Names of files: a renamed module changes nothing, or ends the start with its name."""

import json
import subprocess

import pytest

from tools.managers import ROOT

PROBE = ROOT / "tests/support/rename_modules.py"
PRESETS = ("production", "minimal")
GUARD = """
from pydantic import BaseModel
from starlette.responses import Response

class Body(BaseModel):
    input: str

class Guard:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            assert "body" not in scope["state"], "the limits have not read it yet"
            assert scope["state"]["request_id"]
        await self.app(scope, receive, send)

def install(app, settings):
    app.add_middleware(Guard)

    @app.post("/own")
    async def own(body: Body) -> Response:
        return Response(body.input)
"""


@pytest.fixture(scope="module")
def outcomes(render, commands):
    """Starts by preset and by the module that has another name: exit code and last words."""
    found = {}
    for preset in PRESETS:
        project = render(preset=preset)
        (project / "src/api/own.py").write_text(GUARD, "utf-8")
        done = subprocess.run(
            [commands / "python", PROBE],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
            timeout=1800,
        )
        assert done.returncode == 0, done.stderr
        found[preset] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("preset", PRESETS)
def test_renamed_module_of_the_engine_ends_the_start_with_its_name_or_changes_nothing(
    outcomes, preset
):
    outcome = {k: v for k, v in outcomes[preset].items() if not k.startswith("own as ")}
    assert len(outcome) > 30
    for module, (code, said) in outcome.items():
        if [code, said] == outcomes[preset]["own as own"]:
            assert module == "models.datatypes", f"{module}: started without it"
            continue
        name = module.split(".")[-1]
        assert f"{name}'" in said or f"{name} " in said or f"/{name}.py" in said, (module, said)
        if module not in BEFORE_THE_PARTS:
            assert code == 78, (module, said)
            assert "Traceback" not in said


# Imported by `main.py` and `app.py` themselves, so Python names the module.
BEFORE_THE_PARTS = {
    "app",
    "api.dependencies",
    "config.base",
    "config.batching",
    "config.hardening",
    "config.playground",
    "config.repository",
    "config.settings",
    "config.values",
    "config.versions",
    "core.config",
    "core.config_errors",
    "core.errors",
    "core.importing",
    "core.logger",
    "core.metadata",
    "core.request",
    "core.variables",
    "models.base",
    "models.loading",
    "models.core_schemas",
    "models.json_types",
    "models.methods",
    "services.cache_keys",
    "services.declared_type",
    "services.inference_service",
    "services.model_calls",
    "services.model_runner",
    "services.observer",
    "services.prediction_cache",
    "services.prediction_log",
    "utils.helpers",
}


@pytest.mark.parametrize("preset", PRESETS)
def test_name_of_a_users_module_changes_nothing(outcomes, preset):
    names = {k: v for k, v in outcomes[preset].items() if k.startswith("own as ")}
    assert len(names) == 3
    assert len({json.dumps(v) for v in names.values()}) == 1
    code, (layers, is_fast, *_) = names["own as aaa"]
    assert code == 0
    own, is_hardened = layers.index("Guard"), preset == "production"
    assert is_fast
    assert layers[0] == "RequestContextMiddleware"
    assert own < layers.index("LimitsMiddleware" if is_hardened else "BodyLimitMiddleware")
