"""One request on its way: a deadline for its body, and an eye on its client."""

import asyncio
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

from starlette.types import Message, Receive

from .lookout import Lookout

SKIP_S = 1


class Exchange:
    """Cancels the task that made it when the body is late, or the client leaves too early."""

    def __init__(
        self,
        receive: Receive,
        state: MutableMapping[str, Any],
        body_timeout_s: float,
        lookout: Lookout,
    ) -> None:
        self.late = False
        """Whether the body did not come in time."""
        self.left = False
        """Whether the client left before its answer began."""
        self.held = 0
        """Bytes of the body that are in memory."""
        self.receive = receive
        self._state = state
        self._body_timeout_s = body_timeout_s
        self._task = asyncio.current_task()
        self._reads = True
        self._watcher: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._lookout = lookout
        lookout.add(self)

    def body_is_read(self) -> None:
        """Tell that there is nothing more to receive but the client's leave."""
        self._reads = False
        if self._timer:
            self._timer.cancel()
            self.look_after()

    async def skip(self, max_bytes: int) -> None:
        """Read on for a moment: a client that still sends would see a reset, and no answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SKIP_S):
                while max_bytes > 0 and (message := await self.receive()).get("more_body"):
                    max_bytes -= len(message["body"])

    def end(self) -> None:
        """Look after it no longer."""
        self._lookout.remove(self)
        if self._timer:
            self._timer.cancel()
        if self._watcher:
            self._watcher.cancel()

    def replay(self, body: bytes) -> Receive:
        """Give a channel on which the body comes once more, in one piece."""
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return pending.pop() if pending else await self.receive()

        return receive

    def look_after(self) -> None:
        """Give the body a deadline, or watch for the client's leave."""
        if self._reads:
            later = asyncio.get_running_loop().call_later
            self._timer = later(self._body_timeout_s, self._interrupt, "late")
        else:
            self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        if "status" not in self._state:  # else it just got its answer
            self._interrupt("left")

    def _interrupt(self, reason: str) -> None:
        setattr(self, reason, True)
        if self._task:
            self._task.cancel()
