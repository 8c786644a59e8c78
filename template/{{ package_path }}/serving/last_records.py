"""Write the last records at the end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from ..api.dependencies import state_of
from ..services.recording.writer import writer_of


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Write the records that wait, once all requests have ended."""
    settings = state_of(app).settings.recording
    try:
        yield
    finally:
        if settings.sample:
            await asyncio.to_thread(writer_of(settings).close)
