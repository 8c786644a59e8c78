"""Code of a model process: load the model, and call its methods one by one."""

import faulthandler
import os
import pickle
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from socket import socket
from traceback import format_exception
from typing import Any

from ...config.settings import Settings
from ...core.logger import configure_logging, log_context
from ...core.request import request_context
from ...models.base import Model
from ..model_calls import call_model
from .messages import HEADER, Messages

SIGNALS = (signal.SIGINT, signal.SIGTERM)  # for the service, which then ends its processes


def main(connection: int, lifeline: int, memory: int) -> None:
    """Serve the calls that come through a socket, until it is closed.

    Args:
        connection: Descriptor of the socket.
        lifeline: Descriptor of a pipe that the service closes when it ends, however it ends.
        memory: Descriptor of the file for long messages, or -1.
    """
    faulthandler.enable()  # the stack of a crash, on standard error
    for number in SIGNALS:
        signal.signal(number, lambda *_: None)  # unlike SIG_IGN, not for programs that it starts
    os.register_at_fork(after_in_child=_accept_signals)
    for descriptor in {connection, lifeline, memory} - {-1}:
        os.set_inheritable(descriptor, False)  # noqa: FBT003
    _end_with(lifeline)
    with suppress(ConnectionError):
        serve(socket(fileno=connection), Messages(memory))


def serve(connection: socket, messages: Messages) -> None:
    """Respond to each message with the result of a method of `Host`, or with its error."""
    host, reader = Host(), connection.makefile("rb")
    while len(header := reader.read(HEADER.size)) == HEADER.size:
        size, is_shared = HEADER.unpack(header)
        data = None if is_shared else reader.read(size)
        connection.sendall(_respond(host, messages, size, data))


class Host:
    """The model in its process: a method for each kind of message."""

    model: Model
    _chunks: Iterator[Any] = iter(())

    def configure(self, settings: Settings) -> None:
        """Log as the service does."""
        configure_logging(settings)

    def load(self, kind: type[Model], attributes: dict[str, Any], example: Any) -> None:
        """Create the model, load it, and warm it up if there is an example."""
        self.model = kind()
        vars(self.model).update(attributes)
        self.model.load()
        if example is not None:
            self.model.predict(example)

    def predict(self, input_data: Any) -> Any:
        """Predict for one input."""
        return self.model.predict(input_data)

    def predict_batch(self, inputs: list[Any]) -> list[Any]:
        """Predict for several inputs."""
        results = [*self.model.predict_batch(inputs)]
        return [portable(each) if isinstance(each, BaseException) else each for each in results]

    def begin_stream(self, input_data: Any) -> list[Any]:
        """Return the first chunk of a stream in a list; an empty list if there is none."""
        stream: Any = self.model
        self._chunks = iter(stream.predict_stream(input_data))
        return self.next_chunk()

    def next_chunk(self) -> list[Any]:
        """Return the next chunk, likewise."""
        return [*islice(self._chunks, 1)]

    def end_stream(self) -> None:
        """Close the generator."""
        chunks, self._chunks = self._chunks, iter(())
        if close := getattr(chunks, "close", None):
            close()

    def unload(self) -> None:
        """Release what the model holds."""
        self.model.unload()


def portable(exc: BaseException) -> BaseException:
    """Return an exception that the service can read: itself, or one with its text."""
    try:
        pickle.loads(pickle.dumps(exc))  # noqa: S301
    except Exception:  # noqa: BLE001  (of a custom class)
        return RuntimeError(f"{type(exc).__qualname__}: {exc}")
    return exc


def _respond(host: Host, messages: Messages, size: int, data: bytes | None) -> bytes:
    try:
        return call_model(_call, host, messages, size, data)  # type: ignore[no-any-return]
    except Exception as exc:  # noqa: BLE001  (a model may raise anything)
        return messages.pack((False, portable(exc), "".join(format_exception(exc))))


def _call(host: Host, messages: Messages, size: int, data: bytes | None) -> bytes:
    method, arguments, request, fields = messages.unpack(size, data)
    request_context.set(request)
    log_context.set(fields)
    return messages.pack((True, getattr(host, method)(*arguments), ""))


def _end_with(lifeline: int) -> None:
    """Have the kernel end this process with the service, even while a call holds the interpreter.

    The signal says that the pipe can be read, which is so once its other end is closed.
    """
    import fcntl  # noqa: PLC0415  (the service imports this module too, also on Windows)

    if sys.platform != "linux":  # where the kernel would ignore it
        signal.signal(signal.SIGIO, lambda *_: os._exit(1))
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    with suppress(BlockingIOError):
        if not os.read(lifeline, 1):  # it was closed before
            os._exit(1)


def _accept_signals() -> None:
    """Let a process that the model forks be ended as usual."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
