"""Models that call an upstream, whose address is in `BENCH_UPSTREAM`, each with another client.

The client is opened by the first call, in the event loop that uses it, and then shared.
"""

import os
from typing import Any, ClassVar


class Httpx:
    """A model that calls it with httpx2."""

    input_type: ClassVar[Any] = str
    output_type: ClassVar[Any] = str
    client: Any = None

    async def predict(self, text: str) -> str:
        """Send one request."""
        if self.client is None:
            import httpx2

            url = os.environ["BENCH_UPSTREAM"]
            self.client = httpx2.AsyncClient(base_url=url, timeout=None, limits=httpx2.Limits())
        response = await self.client.post("/predict", json={"text": text})
        response.raise_for_status()
        return str(response.json()["result"])

    async def close(self) -> None:
        """Close the connections."""
        await self.client.aclose()


class Aiohttp:
    """A model that calls it with aiohttp."""

    input_type: ClassVar[Any] = str
    output_type: ClassVar[Any] = str
    client: Any = None

    async def predict(self, text: str) -> str:
        """Send one request."""
        if self.client is None:
            import aiohttp

            url, unlimited = os.environ["BENCH_UPSTREAM"], aiohttp.TCPConnector(limit=0)
            self.client = aiohttp.ClientSession(url, connector=unlimited)
        async with self.client.post("/predict", json={"text": text}) as response:
            response.raise_for_status()
            return str((await response.json())["result"])

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()
