"""Watch a request: its body has a deadline, and its client may disconnect."""

import asyncio
from contextlib import suppress

from starlette.types import Message, Receive

from ...api.dependencies import RequestState
from .slow_requests import SlowRequestTimer

SKIP_S = 1


class RequestWatch:
    """Cancel the current task when the body is late or the client disconnects."""

    def __init__(
        self,
        receive: Receive,
        state: RequestState,
        body_timeout_s: float,
        slow_requests: SlowRequestTimer,
    ) -> None:
        self.late = False
        """Whether the body missed its deadline."""
        self.disconnected = False
        """Whether the client disconnected before its response began."""
        self.complete = False
        """Whether the whole body was received."""
        self.held = 0
        """Bytes of the body in memory."""
        self.receive = receive
        self._state = state
        self._body_timeout_s = body_timeout_s
        self._task = asyncio.current_task()
        self._reads = True
        self._watcher: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._slow_requests = slow_requests
        slow_requests.add(self)

    def body_is_read(self) -> None:
        """Stop the deadline of the body; from now on only a disconnect can be received."""
        self._reads = False
        if self._timer:
            self._timer.cancel()
            self.on_slow()

    async def skip(self, max_bytes: int) -> None:
        """Discard the rest of a body: a client that still sends would see a reset connection."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SKIP_S):
                while max_bytes > 0 and (message := await self.receive()).get("more_body"):
                    max_bytes -= len(message["body"])

    def end(self) -> None:
        """Stop watching the request."""
        self._slow_requests.remove(self)
        if self._timer:
            self._timer.cancel()
        if self._watcher:
            self._watcher.cancel()
        self._task = self._timer = self._watcher = None  # break a cycle that would keep the body

    def replay(self, body: bytes) -> Receive:
        """Return a channel that receives the body again, as one message."""
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return pending.pop() if pending else await self.receive()

        return receive

    def on_slow(self) -> None:
        """Start the deadline of the body, or watch for a disconnect."""
        if self._reads:
            later = asyncio.get_running_loop().call_later
            self._timer = later(self._body_timeout_s, self._interrupt, "late")
        else:
            self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        if "status" not in self._state:  # no response has begun
            self._interrupt("disconnected")

    def _interrupt(self, reason: str) -> None:
        setattr(self, reason, True)
        if self._task:
            self._task.cancel()
