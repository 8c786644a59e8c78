"""A process of the model, seen from the service: start, call, kill."""

import asyncio
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from subprocess import DEVNULL, Popen, TimeoutExpired
from typing import Any, Self

from ...core.errors import ModelNotReadyError, PredictionTimeoutError
from ...core.logger import log_context
from ...core.request import current_request
from . import child
from .messages import Messages, create_memory
from .wire import Wire

logger = logging.getLogger(__name__)

STOP_S = 10  # seconds to unload the model, and as many to exit


class ModelProcessError(ModelNotReadyError):
    """The process of the model ended; a retry of what ended it would end the next one."""


class ModelProcess:
    """A process of the model: one call at a time, each within its limit."""

    was_too_slow = False
    """Whether it was killed because a call took longer than its limit."""

    def __init__(
        self, model: str, process: Popen[bytes], lifeline: int, wire: Wire, messages: Messages
    ) -> None:
        self.pid = process.pid
        self.fields: dict[str, object] = {"model": model, "pid": process.pid}
        """Fields of log lines about it."""
        self._process = process
        self._lifeline = lifeline
        self._wire = wire
        self._messages = messages
        self._turn = asyncio.Lock()
        self._is_killed = False

    @classmethod
    async def start(cls, model: str) -> Self:
        """Start a process, which has no model yet; log lines name the model."""
        ours, theirs = socket.socketpair()
        memory = create_memory()
        messages = Messages(memory)
        process, lifeline = _start(theirs, memory)
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_unix_connection(lambda: Wire(messages), sock=ours)
        return cls(model, process, lifeline, wire, messages)

    @property
    def is_alive(self) -> bool:
        """Whether it can be called."""
        return not (self._is_killed or self._wire.closed.done())

    async def call(self, method: str, *arguments: Any, limit: float | None = None) -> Any:
        """Call a method of `child.Host`, once the call before has ended; return its result.

        Raises:
            ModelProcessError: The process ended.
            PredictionTimeoutError: The call took longer than the limit, so the process was killed.
            Exception: What the method raised.
        """
        message = (method, arguments, current_request(), log_context.get())
        async with self._turn:
            try:
                async with asyncio.timeout(limit):
                    succeeded, result, trace = await self._wire.exchange(message)
            except TimeoutError:
                text = "Killing a process of the model: no result within %g s"
                logger.warning(text, limit, extra=self.fields)
                self.was_too_slow = True
                self.kill()
                raise PredictionTimeoutError(f"No result within {limit:g} s") from None
            except ConnectionError:
                raise ModelProcessError("The process of the model ended") from None
        if succeeded:
            return result
        result.add_note(trace)  # the log shows it; responses do not
        raise result

    def kill(self) -> None:
        """Kill the process, and those that the model started in its group."""
        self._is_killed = True
        if self._process.returncode is None:  # else the number may be of another process
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    async def wait(self) -> int:
        """Wait until it ends, and return its exit code; that of a signal is negative."""
        await asyncio.shield(self._wire.closed)
        return await self.end()

    async def end(self) -> int:
        """Kill what is left of it; return its exit code."""
        self.kill()
        code = await asyncio.to_thread(self._process.wait)
        self._wire.close()
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1
            self._messages.close()
        return code

    async def stop(self) -> None:
        """Unload the model and let the process exit; kill it if that takes too long."""
        try:
            async with asyncio.timeout(STOP_S):
                await self.call("unload")
        except Exception as exc:  # noqa: BLE001  (a model may raise anything)
            logger.warning("The model was not unloaded: %r", exc, extra=self.fields)
        else:
            self._wire.close()
            with suppress(TimeoutExpired):
                await asyncio.to_thread(self._process.wait, STOP_S)
        await self.end()


def _start(theirs: socket.socket, memory: int) -> tuple[Popen[bytes], int]:
    """Start an interpreter of its own; return it, and the end of the pipe that keeps it alive.

    Not by `multiprocessing`, which would import the main module, and so the server, once more.
    """
    held, lifeline = os.pipe()
    passed = theirs.fileno(), held, memory
    code = f"import sys; sys.path[:] = {sys.path}; from {child.__name__} import main; main{passed}"
    try:
        process = Popen(  # noqa: S603
            [sys.executable, "-c", code],
            stdin=DEVNULL,
            pass_fds=[number for number in passed if number >= 0],  # and so no socket of clients
            process_group=0,  # so that Ctrl-C reaches the service only
        )
    except BaseException:
        os.close(lifeline)
        raise
    finally:
        theirs.close()
        os.close(held)
    return process, lifeline
