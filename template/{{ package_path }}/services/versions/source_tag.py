"""Tags of what a version was loaded from, for polling."""

import asyncio
import logging

from ...config.settings import Settings
from ...core.errors import ConfigError, ModelNotReadyError, ServiceError
from ..inference_service import InferenceService

logger = logging.getLogger(__name__)


def may_load_later(exc: Exception) -> bool:
    """Return whether the same source may be loaded later, such as after it was down."""
    return isinstance(exc, ServiceError) and not isinstance(exc, ConfigError | ModelNotReadyError)


async def source_tag(service: InferenceService, settings: Settings) -> str:
    """Return a text that changes with the source of a model; empty if it is unknown."""
    if not settings.repository.poll_s:
        return ""
    try:
        return await asyncio.to_thread(service.runner.source_tag)
    except ServiceError as exc:
        logger.warning("Cannot look at the artifact of %s: %s", service.name, exc)
        return ""
