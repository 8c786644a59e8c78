"""A server in the main thread, as in production, and its client in another."""

import http.client
import logging
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import uvicorn

import src as package
from src.app import create_app
from src.config.settings import Settings
from src.core.logger import configure_logging
from src.models.base import Model
from tests.conftest import PATIENCE_S, TextModel, until
from tests.engine.suite.always.recorder import Recorder


class Client:
    """A client that sends requests over real connections, and ends the server."""

    def __init__(self, server: uvicorn.Server) -> None:
        self.server = server
        self.has_terminated = self.was_ready = False

    def connect(self):
        connection = socket.create_connection(self.server.servers[0].sockets[0].getsockname())
        connection.settimeout(PATIENCE_S)
        return connection

    def ask(self, method, target):
        """Return status and headers of a response."""
        connection = http.client.HTTPConnection("server")
        connection.sock = self.connect()
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, answer.headers

    def ask_until(self, status, target):
        until(lambda: self.ask("GET", target)[0] == status)

    def terminate(self):
        self.has_terminated = True
        os.kill(os.getpid(), signal.SIGTERM)


def status_of(connection):
    """Read one whole response, return its status."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status


def serve(act, model: Model | None = None, **hardening):
    """Serve while `act` does something with a client; return the events of the service."""

    def run_client():
        try:
            until(lambda: server.started)
            client.was_ready = client.ask("GET", "/ready")[0] == 200
            client.ask_until(200, "/ready")
            act(client)
            if not client.has_terminated:
                client.terminate()
        except BaseException:
            end()
            raise

    def end():
        server.should_exit = server.force_exit = True

    settings = Settings.model_validate({"hardening": {"drain_s": 0, **hardening}})
    app = create_app(settings, model=model or TextModel())
    app.state.inference_service.observer = recorder = Recorder()
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None)
    server = uvicorn.Server(config)
    client = Client(server)
    deadline = threading.Timer(PATIENCE_S, end)  # so that no test waits forever
    deadline.start()
    with _process_as_before(), ThreadPoolExecutor(1) as threads:
        acted = threads.submit(run_client)
        server.run()
        acted.result()
    assert deadline.is_alive()
    deadline.cancel()
    return recorder.events


@contextmanager
def _process_as_before():
    handler = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
        for log in logging.getLogger(package.__name__).handlers:
            log.close()
        configure_logging(Settings())
