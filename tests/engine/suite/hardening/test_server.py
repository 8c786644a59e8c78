"""The service's use of the server that runs it."""

import faulthandler
import gc
import io
import logging
import signal
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from src.services import prediction_log
from src.serving.process import log_writer, overhead, shutdown
from tests.conftest import PATIENCE_S, TextModel, until
from tests.engine.suite.hardening.server_harness import serve, status_of

FLAGS = ("logThreads", "logProcesses", "logMultiprocessing", "_srcfile")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")


class Busy(TextModel):
    """A model that is busy with the word `busy` until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.is_busy, self.may_go_on = threading.Event(), threading.Event()

    def predict(self, input_data: str) -> str:
        if input_data == "busy":
            self.is_busy.set()
            self.may_go_on.wait(PATIENCE_S)
        return input_data


def test_first_signal_loses_no_request():
    def act(client):
        busy = threads.submit(client.ask, "POST", "/predict?input=busy")
        assert model.is_busy.wait(PATIENCE_S)
        assert "connection" not in client.ask("POST", "/predict?input=a")[1]
        client.terminate()
        client.ask_until(503, "/ready")
        assert client.ask("GET", "/health")[0] == 200
        status, headers = client.ask("POST", "/predict?input=b")
        assert (status, headers["connection"]) == (200, "close")
        until(lambda: not client.server.servers[0].is_serving())
        model.may_go_on.set()
        assert busy.result()[0] == 200

    model = Busy()
    with ThreadPoolExecutor(1) as threads:
        serve(act, model, drain_s=0.3)
    assert not model.loaded


def test_second_signal_ends_the_server_now(monkeypatch):
    def act(client):
        threads.submit(client.ask, "POST", "/predict?input=busy")
        assert model.is_busy.wait(PATIENCE_S)
        client.terminate()
        client.ask_until(503, "/ready")
        client.terminate()

    monkeypatch.setattr(shutdown, "ECHO_S", 0)
    model = Busy()
    with ThreadPoolExecutor(1) as threads:
        serve(act, model, drain_s=600)
        assert not model.may_go_on.is_set(), "it did not wait for the prediction"
        model.may_go_on.set()


def test_connections_that_owe_headers_are_closed():
    def act(client):
        silent, flood, slow, fine = (client.connect() for _ in range(4))
        flood.sendall(b"GET /health HTTP/1.1\r\nx: " + b"y" * 2000)
        assert flood.recv(100).startswith(b"HTTP/1.1 431 ")
        large = client.connect()
        large.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 2000 + b"\r\n\r\n")
        assert status_of(large) == 431
        assert large.recv(100) == b""
        slow.sendall(b"GET /health HTTP/1.1\r\n")
        fine.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 3000\r\n\r\n")
        fine.sendall(b"x" * 2000)
        assert silent.recv(100) == slow.recv(100) == b""
        fine.sendall(b"x" * 1000)
        assert status_of(fine) == 415
        time.sleep(0.3)
        fine.sendall(b"GET /health HTTP/1.1\r\n")  # and no more of its second request
        assert fine.recv(100) == b""

    events = serve(act, header_timeout_s=0.2, max_header_bytes=1000)
    assert events.count(("on_rejection", "headers")) == 5


def test_whatever_is_no_body_counts_as_headers():
    def act(client):
        trailers, ended, early = (client.connect() for _ in range(3))
        trailers.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        trailers.sendall(b"2\r\n{}\r\n0\r\n")
        for _ in range(2):  # of which the first may come together with the body
            time.sleep(0.02)
            trailers.sendall(b"a: " + b"y" * 2000)
        assert trailers.recv(100).startswith(b"HTTP/1.1 431 ")
        ended.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        early.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n")
        assert status_of(ended) == status_of(early) == 200
        ended.sendall(b"\r\n")
        early.sendall(b"x")
        assert ended.recv(100) == early.recv(100) == b""

    events = serve(act, header_timeout_s=0.2, max_header_bytes=1000)
    assert events.count(("on_rejection", "headers")) == 3


def test_slow_standard_output_makes_no_request_wait(monkeypatch):
    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            may_go_on.wait(PATIENCE_S)
            return super().write(text)

    def act(client):
        assert client.ask("POST", "/predict?input=hello")[0] == 200
        assert not stream.getvalue()
        new = {*threading.enumerate()} - before
        writers.extend(thread for thread in new if thread.name == "log-writer")
        may_go_on.set()

    before, writers = {*threading.enumerate()}, list[threading.Thread]()
    may_go_on, stream = threading.Event(), Slow()
    monkeypatch.setattr(sys, "stdout", stream)
    serve(act)
    assert stream.getvalue().count("Prediction result: HELLO") == 1
    (writer,) = writers
    writer.join(PATIENCE_S)
    assert not writer.is_alive()
    monkeypatch.setattr(log_writer, "MAX_PENDING", 0)
    assert ("on_dropped_lines", 1) in serve(lambda _: None)


def test_stuck_standard_output_does_not_keep_the_server_from_ending(monkeypatch):
    class Stuck(io.StringIO):
        def write(self, text: str) -> int:
            may_go_on.wait(PATIENCE_S)
            return super().write(text)

    may_go_on = threading.Event()
    monkeypatch.setattr(sys, "stdout", Stuck())
    serve(lambda client: client.ask("POST", "/predict?input=hello"))
    assert not may_go_on.is_set()
    may_go_on.set()


def test_process_is_watched_until_the_end(monkeypatch):
    events: list[object] = []
    watch = lambda seconds, **options: events.append((seconds, options))  # noqa: E731
    monkeypatch.setattr(faulthandler, "dump_traceback_later", watch)
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: events.append("end"))
    serve(lambda _: until(lambda: events), watchdog_s=7)
    assert (events[0], events[-1]) == ((7, {"exit": True}), "end")


def test_end_waits_no_longer_than_a_request_may_take():
    waits: list[int | None] = []
    serve(lambda client: waits.append(client.server.config.timeout_graceful_shutdown))
    assert waits == [60], "for its turn, and for its prediction"


def test_another_server_is_left_alone(client_of):
    before = signal.getsignal(signal.SIGTERM)
    client_of()
    assert signal.getsignal(signal.SIGTERM) is before


def test_telemetry_is_looked_for_once_a_second(monkeypatch):
    def enabled():
        looks.append(now)
        return len(looks) > 1

    looks: list[float] = []
    now = 100.0
    monkeypatch.setattr(overhead, "time", SimpleNamespace(monotonic=lambda: now))
    telemetry = SimpleNamespace(enabled=enabled)
    app: Any = SimpleNamespace(_native_telemetry=telemetry)
    overhead.cache_telemetry_check(app)
    assert not any(telemetry.enabled() for _ in range(9))
    now += 1
    assert all(telemetry.enabled() for _ in range(9)), "a library may turn it on at any time"
    assert len(looks) == 2
    overhead.cache_telemetry_check(SimpleNamespace())  # type: ignore[arg-type]


def test_fastapi_has_what_is_looked_for_rarely(client_of):
    """Otherwise every request pays for the search, and nothing else is wrong."""
    assert not client_of().app._native_telemetry.enabled()


def test_nothing_changes_for_the_rest_of_the_process():
    def state():
        flags = [getattr(logging, name) for name in FLAGS]
        return gc.get_threshold(), gc.isenabled(), flags, warnings.filters

    before = state()
    during: list[object] = []
    serve(lambda _: during.append(state()))
    assert during == [before]


def test_what_was_loaded_is_not_visited_by_the_garbage_collector():
    counts: list[int] = []
    serve(lambda _: counts.append(gc.get_freeze_count()))
    assert counts[0] > 10_000, "as many as the imported modules have, at least"
    assert gc.get_freeze_count() == 0, "after the end"


def test_lines_of_predictions_name_their_caller():
    serve(lambda client: client.ask("POST", "/predict?input=hello"))
    assert prediction_log.logger.findCaller()[0] == prediction_log.__file__
    assert prediction_log.logger.findCaller()[2] == "line"
