"""Apply changed settings while the service runs."""

import logging
from collections.abc import Mapping

from ...config.settings import Settings
from ...core.model_configs import ModelConfig, read_models
from ..inference_service import InferenceService
from .served_model import ServedModel
from .several_models import set_routing
from .to_the_end import begin
from .version import Version

logger = logging.getLogger(__name__)

APPLIED = {"model", "models"}  # sections; all others need a restart


class Change:
    """Settings to apply to running models, as far as that is possible without a restart."""

    def __init__(
        self, models: Mapping[str, InferenceService], start: Settings, settings: Settings
    ) -> None:
        """Read settings, and log those that need a restart; `start` are those of the start.

        Raises:
            ConfigError: A setting is wrong.
        """
        old, new = start.model_dump(exclude=APPLIED), settings.model_dump(exclude=APPLIED)
        needed = [name for name in new if new[name] != old[name]]
        self._models, self._configs = models, dict[str, ModelConfig]()
        if bool(start.models.model_extra) != bool(settings.models.model_extra):
            needed.append("models")
        else:
            self._configs = _read(models, start, settings)
            needed += [f"models.{name}" for name in sorted(models.keys() ^ self._configs.keys())]
            if _has_other_default(start, settings, next(iter(models)), next(iter(self._configs))):
                needed.append("model.name")
        for name in needed:
            logger.warning("Needs a restart: %s", name)
        self.is_complete = True
        """Whether everything could be loaded so far; the log has what could not."""

    async def apply(self) -> None:
        """Change the traffic of all models; what has no share is loaded last."""
        for name, model in self._models.items():
            if name in self._configs and isinstance(model, ServedModel):
                await self._apply(model, self._configs[name])

    async def _apply(self, model: ServedModel, config: ModelConfig) -> None:
        only = next(iter(model.of_version))
        wanted = {name or only: settings for name, settings in config.versions.items()}
        weights = config.served.weights or {only: 1}
        try:
            for name in [name for name in wanted if weights.get(name)]:
                await _load(model, name, wanted[name])
        except Exception as exc:  # noqa: BLE001  (a model may raise anything)
            text = "The traffic of %s stays as it is, because a version cannot be loaded: %s"
            logger.error(text, model.name, exc)  # noqa: TRY400
            self.is_complete = False
            return
        model.split(weights)
        set_routing(model, config.served)
        for name in model.of_version.keys() - wanted.keys():
            begin(model.remove(name).unload())  # its calls may hang
        for name, settings in wanted.items():
            await self._refresh(model, name, settings)

    async def _refresh(self, model: ServedModel, name: str, settings: Settings) -> None:
        """Load a version without a share if it has changed, and any whose artifact may have."""
        try:
            await _load(model, name, settings, is_changed=is_unpinned(settings))
        except Exception as exc:  # noqa: BLE001  (a model may raise anything)
            self.is_complete = False
            if name not in model.of_version:  # else `load` has logged it
                logger.error("Cannot add %s %s: %s", model.name, name, exc)  # noqa: TRY400


def _has_other_default(start: Settings, settings: Settings, old: str, new: str) -> bool:
    return old != new if settings.models.model_extra else start.model.name != settings.model.name


def _read(
    models: Mapping[str, InferenceService], start: Settings, settings: Settings
) -> dict[str, ModelConfig]:
    """Return the settings of each model, with all that needs a restart as it was at the start."""
    model = settings.model
    if not settings.models.model_extra:
        model = model.model_copy(update={"name": start.model.name})
    applied = start.model_copy(update={"model": model, "models": settings.models})
    configs = read_models(applied)
    return {next(iter(models)): configs[""]} if "" in configs else configs


async def _load(
    model: ServedModel, name: str, settings: Settings, *, is_changed: bool = False
) -> None:
    """Load a version that has changed, has other settings, or is not loaded."""
    version = model.of_version.get(name) or _add(model, name, settings)
    differs = version.settings.model.model_dump() != settings.model.model_dump()
    if is_changed or differs or not version.is_open:
        await version.load(settings)


def _add(model: ServedModel, name: str, settings: Settings) -> Version:
    pattern = next(iter(model.of_version.values()))
    version = Version(settings, pattern.create)
    version.check = pattern.check
    version.check(version.service)
    model.add(name, version)
    return version


def is_unpinned(settings: Settings) -> bool:
    """Return whether the model has an artifact without a checksum, which may have changed."""
    artifact = getattr(settings.model, "artifact", None)
    return artifact is not None and bool(artifact.uri) and not artifact.is_pinned
