"""Several worker processes: requested where the service is started, and only if they can serve."""

import http.client
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.supervisors import multiprocess

from src.app import create_app
from src.config.settings import Settings
from src.core.errors import ConfigError
from src.serving.process import supervisor as supervision
from src.serving.process.supervisor import Supervisor
from src.serving.process.worker import METRICS_DIR, NUMBER, Worker
from src.serving.startup import Startup, stop
from tests.conftest import PATIENCE_S, TextModel
from tests.engine.suite.hardening.server_harness import serve

UVICORN = sys.modules["uvicorn.main"]


@pytest.fixture(autouse=True)
def _own_process(monkeypatch):
    variables = {name: value for name, value in os.environ.items() if name != METRICS_DIR}
    monkeypatch.setattr(os, "environ", variables)
    monkeypatch.setattr(multiprocess, "Process", multiprocess.Process)  # as it was
    monkeypatch.setattr(UVICORN, "Multiprocess", multiprocess.Multiprocess)
    monkeypatch.setattr(Worker, "may_report", None)
    monkeypatch.setattr(Startup, "responder", None)
    handlers = {number: signal.getsignal(number) for number in multiprocess.SIGNALS}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def app_of(workers):
    settings = Settings.model_validate({"hardening": {"workers": workers}})
    return create_app(settings, model=TextModel())


def test_one_worker_asks_for_nothing():
    assert app_of(1).state.server_options == {}
    assert METRICS_DIR not in os.environ


def test_several_workers_share_a_folder_for_their_metrics():
    assert app_of(2).state.server_options["workers"] == 2
    folder = os.environ[METRICS_DIR]
    assert Path(folder).is_dir()
    app_of(2)
    assert os.environ[METRICS_DIR] == folder


def test_folder_for_metrics_is_found_where_the_root_is_read_only(monkeypatch, tmp_path):
    def make_folder(dir, **_):  # noqa: A002
        tried.append(dir)
        if dir is None or not tmp_path.exists():
            raise FileNotFoundError("No usable temporary directory found")
        return str(tmp_path)

    tried: list[str | None] = []
    monkeypatch.setattr(tempfile, "mkdtemp", make_folder)
    app_of(2)
    assert os.environ.pop(METRICS_DIR) == str(tmp_path)
    tmp_path.rmdir()
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ConfigError, match=rf"environment {METRICS_DIR}: .* --tmpfs /tmp"):
        app_of(2)
    monkeypatch.delitem(sys.modules, "prometheus_client")
    app_of(2)
    assert tried == [None, "/dev/shm"] * 3, "without metrics there is no need for one"


def test_only_the_first_worker_that_cannot_load_the_model_reports_it(monkeypatch):
    monkeypatch.setattr(supervision, "is_worker", lambda: True)
    reports: list[Exception] = []
    ends: list[int] = []
    monkeypatch.setattr(os, "_exit", ends.append)
    app = create_app(
        Settings.model_validate({"hardening": {"workers": 2}}),
        model=TextModel(),
        on_load_failure=reports.append,
    )
    assert app.state.server_options == {}, "a worker asks for no workers of its own"
    error = OSError("model.onnx")
    app.state.on_load_failure(error)  # of a replacement
    reader, writer = socket.socketpair()
    with reader, writer:
        monkeypatch.setattr(Worker, "may_report", reader)
        writer.send(b"1")
        app.state.on_load_failure(error)
        assert (reports, ends) == ([error] * 2, [])
        app.state.on_load_failure(error)
        assert ends == [78]


class FakeWorker:
    """A worker as its supervisor sees it: whether it lives, whether it served, how it ended."""

    pid, config, retry_at, failures = 7, uvicorn.Config("x"), 0.0, 0

    def __init__(self, *_: object, exitcode=None, served=True, replacement=True):
        self.exitcode, self.has_served, self.is_replacement = exitcode, served, replacement
        self.events: list[str] = []

    def is_alive(self):
        return self.exitcode is None

    def __getattr__(self, name):
        return lambda: self.events.append(name)


@pytest.fixture
def supervise(monkeypatch):
    def look(*workers):
        supervisor.processes = list(workers)
        supervisor.keep_subprocess_alive()
        return supervisor

    supervisor: Any = Supervisor.__new__(Supervisor)
    supervisor._settings = Settings()
    supervisor.should_exit, supervisor.config, supervisor.sockets = threading.Event(), None, []
    monkeypatch.setattr(multiprocess, "Process", FakeWorker)
    return look


def test_worker_that_served_is_replaced_at_once(supervise):
    dead, other = FakeWorker(exitcode=-9), FakeWorker()
    new, same = supervise(dead, other).processes
    assert dead.events == ["kill", "join"]
    assert new.events == ["start"]
    assert same is other


@pytest.mark.parametrize("code", [78, 3, -11])
def test_worker_that_did_not_serve_is_replaced_after_a_pause_that_grows(supervise, code):
    dead, other = FakeWorker(exitcode=code, served=False), FakeWorker()
    supervisor = supervise(dead, other)
    assert supervisor.processes == [dead, other]
    assert supervise(dead, other).processes == [dead, other], "not yet"
    dead.retry_at = 1
    new = supervise(dead, other).processes[0]
    assert (new.events, new.failures) == (["start"], 1)
    assert dead.events == ["kill", "join"], "once"
    new.exitcode, new.has_served, new.failures = code, False, 20
    started = time.monotonic()
    supervise(new, other)
    assert started + 59 < new.retry_at < time.monotonic() + 61
    assert not supervisor.should_exit.is_set()


@pytest.mark.parametrize(
    "workers",
    [
        [FakeWorker(exitcode=78, replacement=False), FakeWorker(replacement=False)],
        [FakeWorker(exitcode=78, served=False), FakeWorker(served=False)],
        [FakeWorker(exitcode=78, served=False), FakeWorker(exitcode=-9)],
    ],
    ids=["at the start", "nobody serves", "nobody is alive"],
)
def test_service_ends_with_the_code_of_a_worker_that_cannot_start(supervise, workers, monkeypatch):
    supervisor = supervise(*workers)
    assert supervisor.should_exit.is_set()
    assert workers[1].events == []
    monkeypatch.setattr(multiprocess.Multiprocess, "run", lambda _: None)
    with pytest.raises(SystemExit) as ended:
        supervisor.run()
    assert ended.value.code == 78
    supervisor.exit_code = 0
    supervisor.run()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_worker_that_takes_the_place_of_another_serves_once_its_model_is_loaded(monkeypatch):
    class Slow(TextModel):
        def load(self) -> None:
            time.sleep(0.2)

    def serve_slow():
        was_ready: list[bool] = []
        serve(lambda client: was_ready.append(client.was_ready), Slow())
        return was_ready

    assert serve_slow() == [False]
    monkeypatch.setattr(Worker, "is_replacement", True)
    assert serve_slow() == [True]


@pytest.fixture
def worker(monkeypatch):
    """A worker whose process lives; the test has the other end of its pipe."""
    monkeypatch.setattr(Worker, "started", 2)
    monkeypatch.setattr(multiprocess.Process, "start", lambda _: None)
    worker = Worker.__new__(Worker)
    worker.config = uvicorn.Config("x", workers=2)
    worker.parent_conn, worker.child_conn = Pipe()
    worker.process = SimpleNamespace(is_alive=lambda: True, pid=7)  # type: ignore[assignment]
    return worker


def test_end_of_a_worker_is_seen_at_once(worker):
    its_end = os.dup(worker.child_conn.fileno())
    worker.start()
    assert worker.is_replacement
    assert worker.is_alive()
    os.close(its_end)  # with which the process ends
    assert not worker.is_alive()
    worker.process.is_alive = lambda: False
    assert not worker.is_alive()


def test_replacement_of_a_worker_has_its_number(supervise):
    first, second, third = FakeWorker(), FakeWorker(exitcode=-9), FakeWorker()
    assert supervise(first, second, third).processes[1].number == 1


@pytest.mark.usefixtures("entry_point")
def test_worker_knows_its_place_among_the_workers(worker, monkeypatch):
    """Models take turns with GPUs by it."""

    def start():
        worker.number = None
        worker.parent_conn, worker.child_conn = Pipe()
        worker.start()
        return worker.number

    monkeypatch.setattr(Worker, "next_number", 0)
    assert [start(), start()] == [0, 1]
    assert [start(), start()] == [0, 1], "those that take the places of the first"
    monkeypatch.setattr(multiprocess.Process, "target", lambda *_: None)
    worker.parent_conn, worker.child_conn = Pipe()
    worker.target([])
    assert os.environ[NUMBER] == "1"


def test_nobody_waits_for_a_worker_that_does_not_answer(worker):
    assert worker.is_alive(timeout=60)
    assert worker.is_alive(timeout=60)
    assert not worker.is_alive(timeout=0)
    assert worker.child_conn.recv() == b"ping"
    assert not worker.child_conn.poll(), "it is asked once"
    worker.child_conn.send(True)
    assert worker.is_alive(timeout=60)
    assert worker.has_served


def test_worker_of_the_start_may_report_that_it_cannot_load_the_model(worker, monkeypatch):
    monkeypatch.setattr(Worker, "started", 1)
    worker.start()
    assert worker.may_report.recv(1) == b"1"
    assert worker.has_served


@pytest.fixture
def entry_point(monkeypatch):
    """The module that the worker builds its app with, in place of `main.py`."""
    module = SimpleNamespace(build=lambda: None)
    monkeypatch.setitem(sys.modules, "x", module)
    return module


@pytest.mark.usefixtures("entry_point")
def test_worker_hands_down_none_of_its_sockets(worker, monkeypatch):
    served: list[object] = []
    monkeypatch.setattr(multiprocess.Process, "target", lambda _, sockets: served.append(sockets))
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as responder:
        worker.responder = responder
        for own in (listener, responder):
            own.set_inheritable(True)
        worker.target([listener])
        assert served == [[listener]]
        assert Startup.responder is responder, "which it stops once it can listen itself"
        assert not listener.get_inheritable()
        assert not responder.get_inheritable()


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ConfigError("Cannot import src/models/x.py"), 78, "Cannot import src/models/x.py\n"),
        (ValueError("of an `install`"), 3, ""),
    ],
)
def test_worker_that_cannot_build_the_app_never_serves(
    worker, entry_point, monkeypatch, capsys, error, code, message
):
    def build():
        raise error

    monkeypatch.setattr(multiprocess.Process, "target", lambda *_: pytest.fail("it serves"))
    entry_point.build = build
    with pytest.raises(SystemExit) as ended:
        worker.target([])
    assert ended.value.code == code
    assert capsys.readouterr().err == message
    assert code in supervision.FATAL, "another attempt would fail too"


def test_supervisor_responds_until_a_worker_listens(monkeypatch):
    def run(supervisor):
        port = supervisor.sockets[0].getsockname()[1]
        codes.append(get(port, "/health"))
        codes.append(get(port, "/ready"))

    def get(port, path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        connection.request("GET", path)
        with connection.getresponse() as response:
            return response.status

    codes: list[int] = []
    monkeypatch.setattr(multiprocess.Multiprocess, "run", run)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        Supervisor(Settings(), uvicorn.Config("x", workers=2), [listener]).run()
        assert codes == [200, 503]
        assert Startup.responder
        stop()
        listener.settimeout(0)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_workers_that_still_drain_are_ended_when_asked_again():
    def join(_):
        supervisor.signal_queue.append(signals.pop(0))

    signals = [signal.SIGCHLD, signal.SIGTERM]
    killed: list[list[int]] = []
    process = SimpleNamespace(
        join=join, is_alive=lambda: not killed, kill=lambda: killed.append([*signals])
    )
    supervisor = SimpleNamespace(processes=[SimpleNamespace(process=process)], signal_queue=[])
    Supervisor.join_all(cast("Supervisor", supervisor))
    assert killed == [[]], "not at the first signal, which asks for nothing"


def test_what_a_worker_said_of_itself_ends_with_it(tmp_path, monkeypatch):
    names = [f"gauge_livesum_{pid}.db" for pid in (7, 8)] + ["counter_7.db"]
    for name in names:
        (tmp_path / name).touch()
    monkeypatch.setitem(os.environ, METRICS_DIR, str(tmp_path))
    monkeypatch.setattr(multiprocess.Process, "join", lambda _: None)
    worker = Worker.__new__(Worker)
    worker.process = SimpleNamespace(pid=7)  # type: ignore[assignment]
    worker.join()
    assert {file.name for file in tmp_path.iterdir()} == {*names[1:]}
