"""A client that disconnects ends the call of a model that is `async def`."""

import asyncio
import threading

from tests.conftest import TextModel
from tests.engine.suite.hardening.server_harness import serve

REQUEST = b"POST /predict?input=long HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


class Waiting(TextModel):
    """A model whose calls take a minute, unless they are cancelled."""

    example = None  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.started, self.cancelled = threading.Event(), threading.Event()

    async def predict(self, input_data: str) -> str:  # type: ignore[override]
        self.started.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return input_data


def test_client_that_disconnects_cancels_the_call():
    model = Waiting()

    def disconnect(client):
        with client.connect() as connection:
            connection.sendall(REQUEST)
            assert model.started.wait(10)
        assert model.cancelled.wait(10)

    assert ("on_rejection", "client_left") in serve(disconnect, model)
