"""Tags of what a version was loaded from, for polling."""

import asyncio
import logging

from ...config.settings import Settings
from ...core.errors import ServiceError
from ..inference_service import InferenceService

logger = logging.getLogger(__name__)


async def source_tag(service: InferenceService, settings: Settings) -> str:
    """Return a text that changes with the source of a model; empty if it is unknown."""
    if not settings.repository.poll_s:
        return ""
    try:
        return await asyncio.to_thread(service.runner.source_tag)
    except ServiceError as exc:
        logger.warning("Cannot look at the artifact of %s: %s", service.name, exc)
        return ""
