"""The service responds while the app is built, and ends when it is told to."""

import http.client
import json
import os
import signal
import socket
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from src.config.settings import Settings
from src.serving import startup
from tests.conftest import PATIENCE_S, until
from tests.engine.suite.always.test_process import MAIN, lines_until, running

PACKAGE = Path(startup.__file__).parents[1]
NO_SIGTERM = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
# The import of the model waits until there is a file.
SCRIPT = """
import os, signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background ignores it
sys.path.insert(0, sys.argv[1])
from src import api
from src.models import base, loading

class Late(base.Model):
    model_name, version, inline = 'late', '1', True
    def predict(self, input_data: str) -> str:
        return input_data

def import_late(_):
    exec(os.environ.get('ON_IMPORT', ''))
    while not Path(sys.argv[2]).exists():
        time.sleep(0.01)
    return type('Module', (), {'Late': Late})

loading.import_own = import_late
api.__path__.append(os.environ.get('OWN_ROUTES', 'none'))
from src.main import main
main()
"""


@pytest.fixture
def imported(tmp_path):
    """Return the file that ends the import of the model."""
    return tmp_path / "imported"


@contextmanager
def importing(imported, **variables):
    """Run a service until its model is being imported; return the process and its port."""
    command = [sys.executable, "-c", SCRIPT, str(PACKAGE.parent), str(imported)]
    address = {"API_HOST": "127.0.0.1", "API_PORT": str(free_port())}
    variables = {"MODEL__IMPLEMENTATION": "any:Late", **address, **variables}
    with running(command, **variables) as process:
        port = int(variables["API_PORT"])
        until(lambda: status(port, "/health") == 200)
        yield process, port


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def ask(port, path, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def status(port, path, method="GET"):
    with suppress(ConnectionRefusedError):
        return ask(port, path, method)[0]
    return None


def test_health_is_as_always_while_the_model_is_imported(imported):
    with importing(imported) as (process, port):
        assert ask(port, "/health")[2] == b'{"status":"ok"}'
        assert status(port, "/health", "HEAD") == 200
        lines = lines_until(process, "Health check requested")
        assert "Starting server on 127.0.0.1:" in lines[0]
        assert " request_id=" in lines[-1]
        assert not [line for line in lines if "Started server process" in line]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/ready"), ("POST", "/predict?input=x"), ("GET", "/docs")]
)
def test_all_else_is_not_ready_while_the_model_is_imported(imported, method, path):
    with importing(imported) as (_, port):
        code, headers, body = ask(port, path, method)
    problem = json.loads(body)
    assert code == problem["status"] == 503
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Retry-After"] == "1"
    assert headers["X-Request-ID"] == problem["request_id"]
    assert problem["detail"] == "The service is starting"


def test_no_request_is_lost_when_the_server_takes_over(imported):
    def poll():
        while not ends.is_set():
            codes.append(status(port, "/health"))

    codes: list[int | None] = []
    ends = threading.Event()
    with importing(imported) as (_, port):
        pollers = [threading.Thread(target=poll) for _ in range(3)]
        for poller in pollers:
            poller.start()
        imported.touch()
        until(lambda: status(port, "/ready") == 200)
        ends.set()
        for poller in pollers:
            poller.join()
        assert ask(port, "/predict?input=x", "POST")[2] == b'{"prediction":"x"}'
        assert {status(port, "/ready") for _ in range(100)} == {200}, "nothing else responds"
    assert set(codes) == {200}


@NO_SIGTERM
@pytest.mark.parametrize(
    ("pid", "number", "code"),
    [
        ("os.getpid", signal.SIGTERM, -signal.SIGTERM),
        ("lambda: 1", signal.SIGTERM, 128 + signal.SIGTERM),
        ("os.getpid", signal.SIGINT, 0),
    ],
    ids=["SIGTERM", "SIGTERM in a container", "Ctrl+C"],
)
def test_signal_ends_the_process_while_the_model_is_imported(imported, pid, number, code):
    # As PID 1 of a container, where a signal without a handler is ignored.
    sitecustomize = imported.with_name("sitecustomize.py")
    sitecustomize.write_text(f"import os\nos.getpid = {pid}\n")
    with importing(imported, PYTHONPATH=str(imported.parent)) as (process, _):
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == code
        assert "Traceback" not in process.stdout.read()


@NO_SIGTERM
def test_handler_of_the_model_stays(imported):
    handler = "import signal; signal.signal(signal.SIGTERM, lambda *_: os._exit(7))"
    with importing(imported, ON_IMPORT=handler) as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 7


@pytest.mark.parametrize("failure", ["raise ValueError('no weights')", "sys.exit('no weights')"])
def test_model_that_cannot_be_imported_is_one_message(failure):
    model = PACKAGE / "models" / "broken_for_test.py"
    model.write_text(f"import sys\n{failure}\n")
    command = [sys.executable, MAIN]
    implementation = "broken_for_test:Any"
    try:
        with running(command, MODEL__IMPLEMENTATION=implementation, API_PORT="0") as process:
            output, _ = process.communicate(timeout=PATIENCE_S)
    finally:
        model.unlink()
    assert process.returncode == 78
    place = f"Cannot import {PACKAGE.name}/models/broken_for_test.py: "
    assert f"  model.implementation: {implementation}: {place}" in output
    assert "Error: no weights" in output or "SystemExit: no weights" in output
    assert "Traceback" not in output


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_process_that_the_model_forks_does_not_keep_the_port(imported):
    fork = "os.fork() or time.sleep(600)"
    with importing(imported, ON_IMPORT=fork) as (process, port):
        process.kill()
        process.wait(PATIENCE_S)
        with pytest.raises(ConnectionRefusedError):
            ask(port, "/health")


def test_options_of_the_server_that_a_module_sets_are_used(imported, tmp_path):
    module = "def install(app, settings):\n    app.state.server_options |= {options}\n"
    options = "{'headers': [('x-own', 'yes')]}"
    (tmp_path / "own_options.py").write_text(module.format(options=options))
    with importing(imported, OWN_ROUTES=str(tmp_path)) as (process, port):
        imported.touch()
        lines_until(process, "Application startup complete")
        until(lambda: status(port, "/ready") == 200)
        assert ask(port, "/health")[1]["x-own"] == "yes"


def test_import_of_the_entry_point_builds_no_app():
    code = (
        "import sys; from src import main\n"
        "assert f'{main.__package__}.parts' not in sys.modules\n"
        "assert main.app is main.app\n"
        "assert not hasattr(main, 'application')\n"
    )
    with running([sys.executable, "-c", code], PYTHONPATH=str(PACKAGE.parent)) as process:
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, output


@pytest.fixture
def listener(monkeypatch):
    monkeypatch.setattr(startup.Startup, "responder", None)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


def test_responder_stops_once_for_all(listener):
    with startup.responding([listener], Settings()):
        port = listener.getsockname()[1]
        until(lambda: status(port, "/health") == 200)
        assert status(port, "/") == 503
    assert status(port, "/health") == 200, "until the server listens"
    startup.stop()
    startup.stop()
    with socket.create_connection(("127.0.0.1", port)):  # the server would accept it now
        listener.setblocking(False)
        accepted, _ = listener.accept()
        accepted.close()


def test_nothing_has_to_be_stopped_where_nothing_responds(listener):
    startup.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(listener.getsockname())


@NO_SIGTERM
def test_handler_of_signals_is_as_before_once_the_app_is_built(listener, monkeypatch):
    ends: list[int] = []
    monkeypatch.setattr(os, "getpid", lambda: 1)
    monkeypatch.setattr(os, "_exit", ends.append)
    before = signal.getsignal(signal.SIGTERM)
    with startup.responding([listener], Settings()):
        signal.raise_signal(signal.SIGTERM)
    assert ends == [143]
    assert signal.getsignal(signal.SIGTERM) is before
    startup.stop()
