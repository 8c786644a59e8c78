"""An app behind its limits, and clients that misbehave, without a server."""

import asyncio
from typing import Any

from src.api.request_context import RequestContextMiddleware
from src.app import create_app
from src.config.settings import Settings
from src.services.inference_service import InferenceService
from src.serving.limits.admission import Gate
from src.serving.limits.request_limits import LimitsMiddleware
from tests.conftest import TextModel
from tests.engine.suite.always.recorder import Recorder

SMALL = {"max_body_bytes": 10, "max_held_bytes": 15, "body_timeout_s": 0.02}


class Limited:
    """An app that takes one request at a time, lets another wait, and responds when it may."""

    def __init__(self, patience_s: float = 5) -> None:
        settings = Settings.model_validate({"hardening": SMALL})
        model = TextModel()
        service = InferenceService(model, settings)
        self._app = create_app(settings, model=model)
        service.observer = recorder = Recorder()
        self.events = recorder.events
        self.gate = Gate(1, 1, patience_s)
        self.limits = LimitsMiddleware(self._answer, settings, service, {"": self.gate})
        self.bodies: list[bytes] = []
        self.encodings: list[bytes | None] = []
        self.may_answer = asyncio.Event()

    def request(self, *chunks, header=(b"x", b"y"), method="POST", ends=True, leaves=False):
        """Send a body in chunks, then wait or disconnect; return a task that gets the response."""
        messages = [{"type": "http.request", "body": part, "more_body": True} for part in chunks]
        messages[-1]["more_body"] = not ends
        sent: list[dict[str, Any]] = []

        async def receive():
            if messages:
                return messages.pop(0)
            await asyncio.sleep(0.001 if leaves else 5)
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        async def handle():
            scope = {"type": "http", "method": method, "path": "/", "headers": [header]}
            scope["app"] = self._app
            await RequestContextMiddleware(self.limits, slow_after=9)(scope, receive, send)
            return sent[0]["status"], dict(sent[0]["headers"])

        return asyncio.create_task(handle())

    async def _answer(self, scope, receive, send):
        self.bodies.append((await receive()).get("body", b""))
        self.encodings.append(dict(scope["headers"]).get(b"content-encoding"))
        await self.may_answer.wait()
        if self.bodies[-1] == b"broken":
            raise ValueError("broken")
        await send({"type": "http.response.start", "status": 200})


def run(check, **options):
    """Run a check, and verify that everything was released at its end."""

    async def run_check():
        limited = Limited(**options)
        await asyncio.wait_for(check(limited), 5)
        assert (limited.limits.bodies.held, limited.gate.free) == (0, 1)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert sum(event[1] for event in limited.events if event[0] == "on_waiting") == 0

    asyncio.run(run_check())
