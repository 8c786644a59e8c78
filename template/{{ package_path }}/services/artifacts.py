"""Provide the artifact of the model before the model is loaded, and its card."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from ..config.artifact import ArtifactSettings, registry_address
from ..config.settings import Settings
from ..core.artifacts import (
    Artifact,
    UnavailableError,
    check_allowed,
    provide,
    registered_version,
    tag_of,
)
from ..core.artifacts.card import Card, check_framework, describe, read_card, warn_about_versions
from .inference_service import InferenceService
from .model_runner import ModelRunner

logger = logging.getLogger(__name__)

UNVERSIONED = "unversioned"  # of classes of backends
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0


def install(service: InferenceService, settings: Settings) -> None:
    """Set `artifact` of the model before its `load`, if one is configured; serve its version.

    Raises:
        ConfigError: The artifact must be pinned, or needs a feature that was not chosen; its card
            cannot be read.
    """
    artifact = settings.model.artifact
    if artifact.uri:
        check_allowed(artifact, settings.environment)
        card, registered = read_card(artifact), _registered_as(artifact.uri)
        service.card = describe(card) if card else {}
        if version := registered or (card and card.version):
            service.set_version(settings.model.version or version)
        elif service.version == UNVERSIONED:
            logger.warning("The model has no version: no card, and no model.version")
        service.runner.source_tag = partial(tag_of, artifact)
        service.runner.load = partial(_load, service, service.runner.load, artifact, card)


def _registered_as(uri: str) -> str | None:
    """Return alias or version of a model in a registry: in lists and paths, its version."""
    address = registry_address(uri) or {}
    return address.get("alias") or address.get("version")


async def _load(
    service: InferenceService,
    load: Callable[[], Awaitable[Any]],
    settings: ArtifactSettings,
    card: Card | None,
) -> None:
    artifact, runner = await _provide(service.runner, settings), service.runner
    if service.listed == _registered_as(settings.uri or ""):  # no setting has another version
        listed = service.listed
        service.set_version(registered_version(artifact.path) or listed)
        service.listed = listed  # the alias stays in paths
    if card:
        card.check(artifact.sha256)
        check_framework(card, getattr(runner.model, "framework", ""))
        warn_about_versions(card)
    runner.model.artifact = artifact.path
    await load()


async def _provide(runner: ModelRunner, settings: ArtifactSettings) -> Artifact:
    """Return the artifact; while its source is down, try again after longer and longer pauses.

    Raises:
        UnavailableError: The source is down, and the runner does not wait for it.
    """
    pause_s, suffixes = FIRST_PAUSE_S, getattr(runner.model, "artifact_suffixes", ())
    data_suffixes = getattr(runner.model, "data_suffixes", ())
    get = partial(provide, settings, suffixes, data_suffixes=data_suffixes)
    while True:
        try:
            artifact: Artifact = await runner.in_thread(get)
        except UnavailableError as exc:
            if not runner.waits_for_source:
                raise
            logger.warning("The artifact is not available, next attempt in %g s: %s", pause_s, exc)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        else:
            logger.info("Verified artifact: %s", settings.uri, extra={"sha256": artifact.sha256})
            return artifact
