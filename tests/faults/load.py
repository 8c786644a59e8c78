"""Load: requests at a rate or one after another, over connections that are kept as HTTP says."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from tools.service import Service

from .client import address, head

KEEP_S = 3  # less than the server's, so that it never closes a connection that is just used
LOST = 0  # instead of a status: there was no response
HEALTH = head("GET", "/health")


class Result(NamedTuple):
    status: int
    seconds: float


class Pool:
    """Connections to a service; one that the service wants closed is not used again."""

    def __init__(self, service: Service) -> None:
        self._address = address(service)
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, data: bytes) -> Result:
        """Send a request; its time is from its first byte to the last byte of the response."""
        started = time.perf_counter()
        try:
            reader, writer = self._kept() or await asyncio.open_connection(*self._address)
            writer.write(data)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = head.partition(b"content-length: ")[2].partition(b"\r")[0]
            await reader.readexactly(int(length))
        except (OSError, EOFError):
            return Result(LOST, time.perf_counter() - started)
        if b"\r\nconnection: close" in head:
            writer.close()
        else:
            self._idle.append((time.perf_counter(), reader, writer))
        return Result(int(head[9:12]), time.perf_counter() - started)

    def close(self) -> None:
        for _, _, writer in self._idle:
            writer.close()

    def _kept(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        while self._idle:
            since, reader, writer = self._idle.pop()
            if time.perf_counter() - since < KEEP_S:
                return reader, writer
            writer.close()
        return None


@asynccontextmanager
async def pool(service: Service) -> AsyncIterator[Pool]:
    it = Pool(service)
    try:
        yield it
    finally:
        it.close()


async def one_after_another(
    service: Service,
    data: bytes,
    clients: int,
    goes_on: Callable[[int], bool],
    pause_s: float = 0,
) -> list[Result]:
    """Let some clients send requests, each the next one some time after the last response."""
    results: list[Result] = []

    async def client() -> None:
        async with pool(service) as it:
            while goes_on(len(results)):
                results.append(await it.ask(data))
                await asyncio.sleep(pause_s)

    await asyncio.gather(*(client() for _ in range(clients)))
    return results


async def at_rate(service: Service, data: bytes, rate: float, seconds: float) -> list[Result]:
    """Send so many requests a second, whether responses come or not."""
    async with pool(service) as it:
        tasks = []
        started = time.perf_counter()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0, started + number / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(it.ask(data)))
        return await asyncio.gather(*tasks)


def percentile(results: list[Result], share: float) -> float:
    """Return the time in milliseconds in which this share of the responses came."""
    times = sorted(result.seconds for result in results)
    return times[int(share * (len(times) - 1))] * 1000
