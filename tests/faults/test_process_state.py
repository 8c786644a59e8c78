"""Process state that the server sets, as a library or a child of the model sees it."""

import signal

import pytest

from .client import Client, get, post, post_bytes
from .process import log_lines, memory, wait_for

WATCHED = {"HARDENING__WATCHDOG_S": 300}  # on, but never due


@pytest.fixture(scope="module", params=[1, 2])
def forking(request, serve):
    with serve(
        "process_model:Forking", HARDENING__WORKERS=request.param, MODEL__CACHE_SIZE=0, **WATCHED
    ) as service:
        yield service


def do(service, what):
    answer = post(service, "/predict", {"input": what}, timeout=60)
    assert answer.status == 200, answer
    return answer.json()["prediction"]


def test_child_ends_when_it_is_told_to(forking):
    assert do(forking, "terminate") == str(-signal.SIGTERM)
    assert do(forking, "interrupt") == "1", "with the traceback of a KeyboardInterrupt"


def test_child_writes_its_lines_of_the_log(forking):
    assert do(forking, "log") == "0"
    lines = wait_for(lambda: log_lines(forking, "of the child 49"))
    assert len(lines) == 1
    assert len(log_lines(forking, "of the child ")) == 50


def test_child_can_use_the_timer_that_watches_the_server(forking):
    assert do(forking, "watch") == "0"


def test_child_holds_no_connection_of_the_server(forking):
    with Client(forking, timeout=60) as client:
        client.send(post_bytes("/predict", b'{"input":"stay"}', connection="close"))
        assert client.answer().status == 200
        assert client.is_closed(within=60)


def test_program_inherits_no_socket_of_the_server(forking):
    assert do(forking, "inherit") == "0"


def test_child_that_outlives_the_server_does_not_keep_its_port(serve):
    with serve("process_model:Forking", MODEL__CACHE_SIZE=0) as service:
        do(service, "stay")
        service.process.kill()
        service.process.wait()
        with pytest.raises(ConnectionError):
            get(service, "/health")


def test_cycles_of_a_model_are_collected(serve):
    """A thousand cycles are 100 MB; Python itself collects before that."""
    with serve("process_model:Cycles", MODEL__CACHE_SIZE=0) as service:
        wait_for(lambda: get(service, "/ready").status == 200)
        before = memory(service.process.pid)
        with Client(service, timeout=60) as client:
            for number in range(3000):
                client.send(post_bytes("/predict", b'{"input":"%d"}' % number))
                assert client.answer().status == 200
        assert memory(service.process.pid) - before < 150


def test_formats_of_a_library_have_all_that_python_documents(serve):
    with serve("process_model:Library") as service:
        pid = do(service, "x")
        for kind, function in (("foreign", "predict"), ("own", "predict")):
            (line,) = wait_for(lambda k=kind: log_lines(service, f"{k}: {pid} ", "tells"))[-1:]
            _, process, name, thread, thread_name, function_name, *_ = line.split(maxsplit=6)
            assert process == str(pid), line
            assert (name, function_name) == ("MainProcess", function), line
            assert thread.isdecimal()
            assert thread_name.startswith("predict"), line
        assert not log_lines(service, "Logging error")
        assert not log_lines(service, "Traceback")
