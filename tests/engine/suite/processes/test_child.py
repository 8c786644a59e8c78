"""The code that runs in a process of the model, tested without a process."""

import faulthandler
import logging
import os
import pickle
import signal
import socket
import threading
from contextlib import contextmanager

import pytest

from src.config.settings import Settings
from src.core.errors import InvalidInputError
from src.core.logger import log_context
from src.core.request import RequestContext, request_context
from src.services.processes import child
from src.services.processes.child import Host, portable, serve
from src.services.processes.messages import HEADER, Messages
from tests.engine.suite.processes.process_models import Batches, LocalError, Streams, Worker


@contextmanager
def serving(kind=Worker, example=None):
    """Serve a loaded model in a thread; the block gets a function that calls a method of it."""
    ours, theirs = socket.socketpair()
    messages = Messages(-1)
    thread = threading.Thread(target=serve, args=(theirs, messages))
    thread.start()
    reader = ours.makefile("rb")

    def call(method, *arguments, raw=None):
        message = (method, arguments, RequestContext("id-1"), {"request_id": "id-1"})
        ours.sendall(raw or messages.pack(message))
        size, _ = HEADER.unpack(reader.read(HEADER.size))
        return messages.unpack(size, reader.read(size))

    try:
        assert call("load", kind, {}, example) == (True, None, "")
        yield call
    finally:
        ours.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        assert not thread.is_alive()


def test_result_of_a_method():
    with serving() as call:
        assert call("predict", "0") == (True, "0", "")


def test_model_is_configured_before_it_loads():
    host = Host()
    host.load(Worker, {"artifact": "here"}, None)
    assert host.predict("artifact") == "here"


def test_model_is_warmed_up_with_its_example():
    with pytest.raises(InvalidInputError):
        Host().load(Worker, {}, "invalid")


@pytest.mark.parametrize(
    ("word", "kind", "text"),
    [
        ("value", KeyError, "'value'"),
        ("invalid", InvalidInputError, "not this"),
        ("local", RuntimeError, "LocalError: only here"),
        ("leave", RuntimeError, "The model raised SystemExit(3)"),
        ("unpicklable", AttributeError, "Can't pickle"),
    ],
)
def test_error_is_sent_with_its_trace_and_the_next_call_is_fine(word, kind, text):
    with serving() as call:
        succeeded, exc, trace = call("predict", word)
        assert not succeeded
        assert type(exc) is kind or isinstance(exc, pickle.PicklingError)
        assert text in str(exc)
        assert "Traceback" in trace
        assert call("predict", "0") == (True, "0", "")


def test_message_that_cannot_be_read_is_an_error_of_its_call():
    with serving() as call:
        data = b"no pickle"
        succeeded, exc, _ = call("", raw=HEADER.pack(len(data), False) + data)
        assert not succeeded
        assert isinstance(exc, pickle.UnpicklingError)
        assert call("predict", "0")[0]


def test_call_has_the_context_of_its_request():
    with serving() as call:
        assert call("predict", "request")[1] == "id-1 {'request_id': 'id-1'}"
    assert not request_context.get().id
    assert log_context.get() is None


def test_errors_within_a_batch_can_be_read_too():
    with serving(Batches) as call:
        _, (first, second), _ = call("predict_batch", ["0", "local"])
        assert first == f"0 of 2 in {os.getpid()}"
        assert str(second) == "LocalError: only here"


def test_stream_is_read_chunk_by_chunk():
    with serving(Streams) as call:
        assert call("begin_stream", "1 2 value")[1] == ["1"]
        assert call("next_chunk")[1] == ["2"]
        assert isinstance(call("next_chunk")[1], KeyError)
        assert call("next_chunk")[1] == []
        assert call("end_stream")[0]
        assert call("begin_stream", "")[1] == []
        assert call("end_stream")[0]


def test_stream_is_closed(tmp_path):
    host = Host()
    host.load(Streams, {"artifact": tmp_path / "closed"}, None)
    host.begin_stream("1 2")
    assert not (tmp_path / "closed").exists()
    host.end_stream()
    assert (tmp_path / "closed").read_text() == "1 2"
    host.end_stream()
    host.unload()


def test_lines_have_the_format_of_the_service(capsys):
    Host().configure(Settings(log_format="json"))
    logging.getLogger("src").warning("said")
    assert '"message": "said"' in capsys.readouterr().out
    Host().configure(Settings())


def test_portable_keeps_what_can_be_read():
    exc = KeyError("a")
    assert portable(exc) is exc
    assert type(portable(LocalError("a", "b"))) is RuntimeError


def test_signals_of_the_service_are_not_for_its_processes(monkeypatch):
    """`main` runs here in this process, whose handlers it must not keep."""
    before = {number: signal.getsignal(number) for number in (*child.SIGNALS, signal.SIGIO)}
    ours, theirs = socket.socketpair()
    held, lifeline = os.pipe()
    ours.close()
    monkeypatch.setattr(faulthandler, "enable", lambda: None)
    monkeypatch.setattr(os, "register_at_fork", lambda **_: None)
    try:
        child.main(theirs.detach(), held, -1)
        for number in child.SIGNALS:
            os.kill(os.getpid(), number)
        child._accept_signals()
        assert {signal.getsignal(number) for number in child.SIGNALS} == {signal.SIG_DFL}
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(held)  # before the other end, or the signal ends this process
        os.close(lifeline)
