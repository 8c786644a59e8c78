"""New workers at SIGHUP: only for settings that are right, and all of them for the last ones."""

import signal
import threading
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import pytest
import uvicorn
from uvicorn.supervisors import multiprocess

from src.config.settings import Settings
from src.core import config
from src.core.errors import ConfigError
from src.serving.process import rolling_restart
from src.serving.process.supervisor import Supervisor

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="it has no SIGHUP")
REPLACED = ["start", "wait_until_ready"]


class FakeWorker:
    """A worker as its supervisor sees it; class attributes are those of the next ones."""

    exitcode: int | None = None
    is_ready = True
    pid = 7
    at_start: Any = staticmethod(lambda: None)

    def __init__(self, *_: object) -> None:
        self.events: list[str] = []

    def start(self) -> None:
        self.events.append("start")
        self.at_start()

    def wait_until_ready(self, *_: object) -> bool:
        self.events.append("wait_until_ready")
        return self.is_ready

    def __getattr__(self, name):
        return lambda: self.events.append(name)


@pytest.fixture
def supervisor(monkeypatch):
    """A supervisor of two workers, and the settings that are configured."""
    supervisor: Any = Supervisor.__new__(Supervisor)
    supervisor._settings, supervisor.should_exit = Settings(), threading.Event()
    supervisor.config, supervisor.sockets = uvicorn.Config("x", workers=2), []
    supervisor.processes, supervisor.signal_queue = [FakeWorker(), FakeWorker()], []
    worker = type("OtherWorker", (FakeWorker,), {})
    supervisor.worker = worker
    monkeypatch.setattr(multiprocess, "Process", worker)
    supervisor.configured = {"log_level": "DEBUG"}
    monkeypatch.setattr(config, "load_config", lambda: Settings(**supervisor.configured))
    monkeypatch.setattr(rolling_restart, "MODELS", "no.such.module")
    monkeypatch.setattr(rolling_restart, "find_spec", lambda _: None)
    return supervisor


def lines(log, level):
    """Return the lines of a level, without its time."""
    marked = [line.partition(f" - {level} - ") for line in log.getvalue().splitlines()]
    return [text for _, mark, text in marked if mark]


def test_workers_are_replaced_one_after_the_other(supervisor, log):
    old = [*supervisor.processes]
    supervisor.handle_hup()
    assert [worker.events for worker in old] == [["terminate", "join"]] * 2
    assert [worker.events for worker in supervisor.processes] == [REPLACED] * 2
    assert lines(log, "INFO") == [
        "Reloading the settings",
        "Changed: log_level: INFO -> DEBUG (default)",
        "Reloaded the settings: all child processes have been replaced",
    ]
    log.truncate(0)
    supervisor.handle_hup()
    assert "No setting has changed" in lines(log, "INFO")


def test_wrong_settings_are_one_line_and_start_no_worker(supervisor, monkeypatch, log):
    def fail():
        raise ConfigError("Configuration error:\n  config.yaml:1:1: nonsense: no such setting")

    monkeypatch.setattr(config, "load_config", fail)
    old = [*supervisor.processes]
    supervisor.handle_hup()
    assert supervisor.processes == old
    assert [worker.events for worker in old] == [[], []]
    reason = "config.yaml:1:1: nonsense: no such setting"
    assert lines(log, "ERROR") == [f"Nothing has changed: {reason}"]


def test_wrong_section_models_is_found_where_there_is_one(supervisor, monkeypatch, log):
    def fail(_):
        raise ConfigError("models.one: no")

    module: Any = ModuleType("no.such.module")
    module.__spec__, module.read_models = ModuleSpec(module.__name__, None), fail
    monkeypatch.setattr(rolling_restart, "find_spec", lambda name: name == module.__name__)
    monkeypatch.setattr(rolling_restart, "import_own", lambda _: module)
    supervisor.handle_hup()
    assert lines(log, "ERROR") == ["Nothing has changed: models.one: no"]


@pytest.mark.parametrize(
    ("code", "reason"), [(78, "ended with exit code 78"), (None, "is not ready in time")]
)
def test_worker_that_cannot_start_ends_the_restart(supervisor, log, code, reason):
    def next_one_cannot():
        supervisor.worker.is_ready, supervisor.worker.exitcode = False, code

    old = [*supervisor.processes]
    old[0].join = next_one_cannot
    supervisor.handle_hup()
    assert supervisor.processes[1] is old[1]
    assert old[1].events == []
    count = "1 of 2 child processes have been replaced"
    assert lines(log, "ERROR") == [f"New child process [7] {reason}: {count}"]
    log.truncate(0)
    supervisor.handle_hup()
    assert "Changed: log_level: INFO -> DEBUG (default)" in lines(log, "INFO"), "some are as before"


def test_end_during_a_restart_is_no_error(supervisor, log):
    supervisor.worker.is_ready = False
    supervisor.worker.at_start = staticmethod(supervisor.should_exit.set)
    supervisor.handle_hup()
    assert lines(log, "ERROR") == []


def test_signal_during_a_restart_begins_it_again_with_the_settings_of_then(supervisor, log):
    old = [*supervisor.processes]
    old[0].join = lambda: supervisor.signal_queue.append(signal.SIGHUP)
    supervisor.handle_hup()
    first, second = supervisor.processes
    assert first.events == REPLACED
    assert second is old[1], "a third kind of settings must not be served meanwhile"
    assert not [line for line in lines(log, "INFO") if line.startswith("Reloaded")]
    supervisor.configured = {"log_level": "ERROR"}
    supervisor.handle_signals()
    assert supervisor.signal_queue == []
    assert [worker.events for worker in supervisor.processes] == [REPLACED] * 2
    assert first.events == [*REPLACED, "terminate", "join"]


def test_signal_that_changes_nothing_does_not_interrupt_a_restart(supervisor):
    old = [*supervisor.processes]
    old[0].join = lambda: supervisor.signal_queue.append(signal.SIGWINCH)
    supervisor.handle_hup()
    assert not {*old} & {*supervisor.processes}
