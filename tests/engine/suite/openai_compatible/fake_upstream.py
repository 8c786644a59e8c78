"""A small upstream with the API of OpenAI, whose responses and faults a test chooses."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, NamedTuple

MODELS = {"object": "list", "data": [{"id": "tiny", "object": "model"}]}
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
Response = Callable[["Exchange"], Coroutine[Any, Any, None]]


class Exchange(NamedTuple):
    """One request, and where its response is written."""

    path: str
    headers: dict[str, str]
    body: Any
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class FakeUpstream:
    """Respond as planned, then as an upstream that works; the port refuses until `start`."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        self.plan: list[Response] = []
        self.models: Response = reply(MODELS)
        self.requests: list[Exchange] = []
        self.disconnected = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def start(self) -> "FakeUpstream":
        asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, sock=self._socket), self._loop
        ).result(10)
        return self

    def stop(self) -> None:
        async def cancel() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(cancel(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._socket.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().rstrip().split("\r\n")
                headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
                content = await reader.readexactly(int(headers.get("content-length", 0)))
                body = json.loads(content) if content else None
                exchange = Exchange(first.split()[1], headers, body, reader, writer)
                await self._respond(exchange)
        writer.transport.abort()

    async def _respond(self, exchange: Exchange) -> None:
        if exchange.path.endswith("/models"):
            await self.models(exchange)
            return
        self.requests.append(exchange)
        response = self.plan.pop(0) if self.plan else works
        left = asyncio.create_task(exchange.reader.read(1))
        answer = asyncio.create_task(response(exchange))
        await asyncio.wait({left, answer}, return_when=asyncio.FIRST_COMPLETED)
        if left.done() and not answer.done():
            answer.cancel()
            self.disconnected.set()
            raise ConnectionError
        left.cancel()
        with suppress(asyncio.CancelledError):
            await left
        answer.result()


async def send(
    exchange: Exchange,
    content: bytes,
    status: int = 200,
    kind: str = "application/json",
    **more: str,
) -> None:
    """Write a whole response."""
    headers = {"content-type": kind, "content-length": len(content), **more}
    lines = [f"HTTP/1.1 {status} X", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    exchange.writer.write("\r\n".join([*lines, "", ""]).encode() + content)
    await exchange.writer.drain()


def reply(content: Any, status: int = 200, **more: str) -> Response:
    """Respond with JSON, text or bytes."""
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda exchange: send(exchange, text, status, **more)


def fail(status: int, **headers: str) -> Response:
    """Respond with an error, as the API has it."""
    return reply({"error": {"message": f"told {status}", "type": "x"}}, status, **headers)


async def html(exchange: Exchange) -> None:
    """Respond as a proxy with a page of its own."""
    await send(exchange, b"<html>Log in</html>", kind="text/html")


async def hang(_: Exchange) -> None:
    """Respond never."""
    await asyncio.sleep(60)


async def reset(exchange: Exchange) -> None:
    """Close the connection without a response."""
    exchange.writer.transport.abort()
    raise ConnectionResetError


def completion(text: str = "Hello", **more: Any) -> dict[str, Any]:
    """Return a completion with one message."""
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": text},
    }
    whole = {"id": "c", "object": "chat.completion", "created": 1, "model": "tiny"}
    return {**whole, "choices": [choice], "usage": USAGE, **more}


def event(text: str = "", reason: str | None = None, **more: Any) -> dict[str, Any]:
    """Return an event of a streamed completion."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    whole = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "tiny"}
    return {**whole, "choices": [choice], **more}


def stream(*texts: str, end: Response | None = None) -> Response:
    """Respond with events; `end` does what follows them instead of the last events."""

    async def respond(exchange: Exchange) -> None:
        head = b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
        exchange.writer.write(head)
        for text in texts:
            exchange.writer.write(b"data: " + json.dumps(event(text)).encode() + b"\n\n")
        await exchange.writer.drain()
        if end:
            await end(exchange)
            return
        last = [event(reason="stop"), {**event(usage=USAGE), "choices": []}]
        for each in last:
            exchange.writer.write(b"data: " + json.dumps(each).encode() + b"\n\n")
        exchange.writer.write(b"data: [DONE]\n\n")
        await exchange.writer.drain()
        exchange.writer.close()

    return respond


async def works(exchange: Exchange) -> None:
    """Respond as an upstream that works."""
    body = exchange.body
    if exchange.path.endswith("/embeddings"):
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        data = [{"index": i, "embedding": [float(len(t)), 0.5]} for i, t in enumerate(texts)]
        usage = {"prompt_tokens": 2, "total_tokens": 2}
        response = {"object": "list", "model": "tiny", "data": data[::-1], "usage": usage}
        await reply(response)(exchange)
    elif body.get("stream"):
        await stream("Hel", "lo")(exchange)
    else:
        await reply(completion())(exchange)
