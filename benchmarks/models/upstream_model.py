"""Models that call an upstream, each with another client."""

import os
from typing import ClassVar

import aiohttp
import httpx2

from .base import Model


class HttpxModel(Model):
    """A model that calls it with httpx2."""

    model_name: ClassVar[str] = "upstream"
    version: ClassVar[str] = "1.0.0"

    async def load(self) -> None:
        """Open a client without limits: the service limits the time and the number of calls."""
        url = os.environ["BENCH_UPSTREAM"]
        self.client = httpx2.AsyncClient(base_url=url, timeout=None, limits=httpx2.Limits())

    async def predict(self, input_data: str) -> str:
        """Send one request."""
        response = await self.client.post("/predict", json={"text": input_data})
        response.raise_for_status()
        return str(response.json()["result"])

    async def unload(self) -> None:
        """Close the connections."""
        await self.client.aclose()


class AiohttpModel(Model):
    """A model that calls it with aiohttp."""

    model_name: ClassVar[str] = "upstream-aiohttp"
    version: ClassVar[str] = "1.0.0"

    async def load(self) -> None:
        """Open a client without limits: the service limits the time and the number of calls."""
        url, unlimited = os.environ["BENCH_UPSTREAM"], aiohttp.TCPConnector(limit=0)
        self.client = aiohttp.ClientSession(url, connector=unlimited)

    async def predict(self, input_data: str) -> str:
        """Send one request."""
        async with self.client.post("/predict", json={"text": input_data}) as response:
            response.raise_for_status()
            return str((await response.json())["result"])

    async def unload(self) -> None:
        """Close the connections."""
        await self.client.close()
