"""The end of the process."""

import asyncio
import faulthandler
import multiprocessing
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import thread
from types import FrameType, MethodType, SimpleNamespace
from typing import Any

import pytest
import uvicorn

from src.core.metadata import PROJECT_DIR
from src.serving.process import forking, shutdown
from src.serving.process.shutdown import Drain
from src.serving.process.uvicorn_server import CLOSE, Server, UvicornServer
from src.serving.process.watchdog import Watchdog
from src.serving.process.worker import is_worker
from tests.conftest import PATIENCE_S


class FakeServer:
    """A server that records the calls of its methods."""

    def __init__(self, sockets: tuple[int, ...] = ()) -> None:
        self.is_ending = self.at_once = self.is_closing = self.has_stopped = False
        self.open_sockets = {*sockets}

    @property
    def signal_handler(self) -> object:
        return self

    def end(self, number: int, frame: FrameType | None, *, at_once: bool = False) -> None:
        self.is_ending, self.at_once = True, at_once

    def close_after_responses(self) -> None:
        self.is_closing = True

    def stop_accepting(self) -> None:
        self.has_stopped = True

    def sockets(self) -> set[int]:
        return self.open_sockets

    def handle_exit(self, number, frame):
        """Handle a signal, as Uvicorn's server does."""


@pytest.fixture(autouse=True)
def _own_handler(monkeypatch):
    monkeypatch.setattr(shutdown, "SETTLE_S", 0)
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


async def until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


def test_first_signal_begins_a_drain_and_its_end_ends_the_server():
    async def check():
        server = FakeServer()
        drain = Drain(server, 0.05)
        assert not drain.is_draining
        started = time.monotonic()
        signal.raise_signal(signal.SIGTERM)
        assert drain.is_draining
        await until(lambda: server.is_ending)
        assert time.monotonic() - started >= 0.05
        assert server.has_stopped
        assert not server.at_once

    asyncio.run(check())


def test_server_that_has_not_served_has_nothing_to_drain():
    async def check():
        server = FakeServer()
        Drain(server, 600, has_served=lambda: False)
        signal.raise_signal(signal.SIGTERM)
        await until(lambda: server.is_ending)
        assert server.has_stopped

    asyncio.run(check())


def test_answers_close_their_connections_while_draining():
    async def check():
        server = FakeServer()
        Drain(server, 0.05)
        signal.raise_signal(signal.SIGTERM)
        await until(lambda: server.is_closing)
        assert not server.is_ending

    asyncio.run(check())


def test_seams_of_uvicorn():
    """The attributes of a real server; that they take effect is tested in `test_server.py`."""
    config = uvicorn.Config(lambda _: None, log_config=None)
    config.load()
    real: Any = uvicorn.Server(config)
    server: Server = UvicornServer(real)
    real.server_state.default_headers = before = [(b"date", b"today")]
    server.close_after_responses()
    assert CLOSE in config.encoded_headers
    assert real.server_state.default_headers == [(b"date", b"today"), CLOSE]
    assert before == [(b"date", b"today")], "requests that have begun hold this list"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        real.servers = [SimpleNamespace(sockets=[listener], close=listener.close)]
        assert server.sockets() == {listener.fileno()}
        server.stop_accepting()
        assert server.sockets() == set()
    assert server.signal_handler == real
    assert not server.is_ending
    server.end(signal.SIGTERM, None)
    assert (server.is_ending, real.force_exit) == (True, False)
    server.end(signal.SIGTERM, None, at_once=True)
    assert real.force_exit


@pytest.mark.parametrize(
    ("echo_s", "worker", "forced"), [(0, False, True), (9, False, False), (0, True, False)]
)
def test_second_signal_ends_the_server_now_unless_it_is_an_echo_or_the_parents(
    monkeypatch, echo_s, worker, forced
):
    async def check():
        server = FakeServer()
        Drain(server, 600)
        signal.raise_signal(signal.SIGTERM)
        assert not server.is_ending
        await asyncio.sleep(0.001)
        signal.raise_signal(signal.SIGTERM)
        assert (server.is_ending, server.at_once) == (forced, forced)

    monkeypatch.setattr(shutdown, "ECHO_S", echo_s)
    monkeypatch.setattr(shutdown, "is_worker", lambda: worker)
    asyncio.run(check())


def test_process_that_another_one_started_is_a_worker():
    assert not is_worker()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(is_worker)


def test_server_that_ends_already_is_not_drained():
    async def check():
        server = FakeServer()
        drain = Drain(server, 600)
        server.is_ending = True
        signal.raise_signal(signal.SIGTERM)
        assert server.at_once
        assert not drain.is_draining

    asyncio.run(check())


def test_watchdog_is_fed_until_it_is_stopped(monkeypatch):
    async def check():
        watchdog = Watchdog(0.02)
        await until(lambda: len(meals) >= 3)
        watchdog.stop()
        fed = len(meals)
        await asyncio.sleep(0.05)
        assert len(meals) == fed

    meals, ends = [], []
    feed = lambda seconds, **options: meals.append((seconds, options))  # noqa: E731
    monkeypatch.setattr(faulthandler, "dump_traceback_later", feed)
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: ends.append(1))
    asyncio.run(check())
    assert (meals, len(ends)) == ([(0.02, {"exit": True})] * len(meals), 1)


def test_watchdog_of_no_seconds_watches_nothing(monkeypatch):
    async def check():
        watchdog = Watchdog(0)
        await asyncio.sleep(0.01)
        watchdog.stop()

    meals: list[float] = []
    feed = lambda seconds, **_: meals.append(seconds)  # noqa: E731
    monkeypatch.setattr(faulthandler, "dump_traceback_later", feed)
    asyncio.run(check())
    assert not meals


def test_watchdog_watches_from_ready_on(monkeypatch):
    async def check():
        ready = asyncio.get_running_loop().create_future()
        watchdog = Watchdog(0.02, ready)
        await asyncio.sleep(0.05)
        assert not meals
        ready.set_result(None)
        await until(lambda: meals)
        watchdog.stop()

    meals: list[float] = []
    feed = lambda seconds, **_: meals.append(seconds)  # noqa: E731
    monkeypatch.setattr(faulthandler, "dump_traceback_later", feed)
    asyncio.run(check())


def test_fork_stops_the_watchdog_for_its_time_only(monkeypatch):
    async def check():
        watchdog = Watchdog(60)
        watchdog.before_fork()
        await asyncio.sleep(0.01)
        watchdog.after_fork()
        watchdog.before_fork()
        watchdog.after_fork()
        watchdog.stop()
        first, cancelled, second, _ = events
        assert 59 < first <= 60
        assert cancelled == "end"
        assert 59 < second <= first

    events: list[Any] = []
    feed = lambda seconds, **_: events.append(seconds)  # noqa: E731
    monkeypatch.setattr(faulthandler, "dump_traceback_later", feed)
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: events.append("end"))
    asyncio.run(check())


def test_child_has_the_handlers_of_python_and_no_socket_of_the_server(monkeypatch):
    def handle(number, frame):
        """Handle what the author of the model wants to handle."""

    put_back: dict[int, object] = {}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours, theirs = socket.socketpair()
        server = FakeServer((listener.fileno(), ours.fileno()))
        drain = SimpleNamespace()
        handlers = {signal.SIGTERM: MethodType(handle, drain), signal.SIGINT: handle}
        monkeypatch.setattr(signal, "getsignal", handlers.get)
        monkeypatch.setattr(signal, "signal", put_back.__setitem__)
        monkeypatch.setattr(thread, "_threads_queues", pools := {"a thread": "its queue"})
        at_fork = forking.ServerAtFork(server, drain)
        monkeypatch.setattr(forking, "_watching", [at_fork])
        forking._before()
        forking._after_in_child()
        assert put_back == {signal.SIGTERM: signal.SIG_DFL}
        assert theirs.recv(1) == b"", "so the client sees the end"
        assert not pools, "so the exit waits for no thread"
        assert not forking._watching
        at_fork.ignore_forks()
        ours.close()
        theirs.close()


def test_blocked_event_loop_ends_the_process_and_shows_where_it_was():
    script = (
        "import asyncio, sys, time\n"
        f"sys.path[:0] = {[str(PROJECT_DIR), str(PROJECT_DIR / 'src')]}\n"
        "from src.serving.process.watchdog import Watchdog\n"
        "def blocks(): time.sleep(600)\n"
        "async def main():\n"
        "    watchdog = Watchdog(0.5)\n"
        "    await asyncio.sleep(0.8)\n"
        "    print('alive', flush=True)\n"
        "    blocks()\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (done.returncode, done.stdout) == (1, "alive\n")
    assert "in blocks" in done.stderr
