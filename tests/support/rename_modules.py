"""Start the service once for each of its modules, with that module renamed; print what happened.

Runs in a rendered project. Libraries are imported once: each start is a fork.
"""

import contextlib
import io
import json
import os
import signal
import sys
from pathlib import Path

import fastapi_offline  # noqa: F401  (imported before the forks)
import uvicorn  # noqa: F401
from fastapi.testclient import TestClient

SOURCE = Path("src")
USERS = {"api.own", "models.dummy_model", "main"}


def start():
    """Import the entry point; return the order of middleware and routes; is /predict fast?"""
    sys.path.insert(0, str(Path.cwd()))
    sys.argv = ["start-server"]
    from src.main import app

    layers = [getattr(layer.cls, "__name__", "") for layer in app.user_middleware]
    with TestClient(app) as client:
        response = client.post("/own", json={"input": "x"})
        assert response.text == "x", response.text
        assert client.post("/predict", json={"input": "good"}).status_code == 200
    route = next(route for route in app.routes if getattr(route, "path", "") == "/predict")
    paths = [getattr(route, "path", "") for route in app.routes]
    return layers, bool(getattr(route, "fast", None)), paths


def outcome_of_a_start():
    """Fork, start, and return the exit code with the last lines or with what was found."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(120)  # a start that hangs ends here
        said = io.StringIO()
        code, found = 0, None
        try:
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
                found = start()
        except SystemExit as exc:
            code, found = int(exc.code or 0), said.getvalue()
        except BaseException as exc:
            code, found = 1, f"{type(exc).__name__}: {exc} "
        with os.fdopen(writer, "w") as pipe:
            json.dump([code, found], pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text)


def renamed(file, name):
    """Start with a file of another name."""
    other = file.with_name(f"{name}.py")
    file.rename(other)
    try:
        return outcome_of_a_start()
    finally:
        other.rename(file)


sys.dont_write_bytecode = True
outcomes = {}
for source in sorted(SOURCE.rglob("*.py")):
    module = ".".join(source.relative_to(SOURCE).with_suffix("").parts)
    if source.name != "__init__.py" and module not in USERS:
        outcomes[module] = renamed(source, f"renamed_{source.stem}")
for name in ("aaa", "own", "zzz"):
    outcomes[f"own as {name}"] = renamed(SOURCE / "api/own.py", name)
print(json.dumps(outcomes))
