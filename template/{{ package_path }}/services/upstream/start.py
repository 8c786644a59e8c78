"""Wait for the upstream of a model, if it is down when the service starts."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from ...config.settings import Settings
from ...core.errors import (
    ConfigError,
    ModelNotReadyError,
    PredictionTimeoutError,
    ServiceError,
    TransientModelError,
)
from ...core.request import time_limit
from ...models.openai_backend import OpenAIBase
from ..inference_service import InferenceService
from ..model_runner import ModelRunner

logger = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 15.0
Step = Callable[..., Awaitable[object]]
LATER = (TimeoutError, PredictionTimeoutError, TransientModelError, ModelNotReadyError)


def install(service: InferenceService, settings: Settings) -> None:
    """Repeat the load and the warm-up until the upstream responds."""
    runner, timeout_s = service.runner, settings.service.timeout
    if isinstance(runner.model, OpenAIBase):
        patiently: Any = partial(partial, _patiently, runner, runner.model, timeout_s)
        runner.load = patiently(runner.load)
        runner.warm_ups[:] = map(patiently, runner.warm_ups)


async def _patiently(
    runner: ModelRunner, model: OpenAIBase, timeout_s: float, step: Step, *arguments: Any
) -> None:
    """Do a step of the start; while the upstream is down, again after longer and longer pauses.

    Raises:
        ConfigError: The upstream rejects the service.
        ServiceError: The upstream is down, and the runner does not wait for it.
    """
    pause_s, url = FIRST_PAUSE_S, model.options.base_url
    while True:
        try:
            with time_limit(timeout_s):
                async with asyncio.timeout(timeout_s):
                    await step(*arguments)
        except LATER as exc:
            if not runner.waits_for_source:
                raise
            model.waits = True
            reason = f"{exc}" or f"no response within {timeout_s:g} s"
            logger.warning("Waiting for %s, next attempt in %g s: %s", url, pause_s, reason)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        except ConfigError:
            raise
        except ServiceError as exc:
            raise ConfigError(getattr(exc, "reason", f"{url}: {exc}")) from exc
        else:
            model.waits = False
            return
