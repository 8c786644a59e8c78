"""Change what is served when the settings have changed, without a restart."""

import logging
from collections.abc import Mapping

from ...config.settings import Settings
from ...core.model_configs import ModelConfig, read_models
from ..inference_service import InferenceService
from .served_model import ServedModel
from .several_models import set_routing
from .version import Version

logger = logging.getLogger(__name__)

STATIC = {"model", "models"}  # all other sections need a restart


async def change(
    models: Mapping[str, InferenceService], before: Settings, settings: Settings
) -> None:
    """Serve what the settings say now, as far as that is possible without a restart.

    A version that cannot be loaded is logged, and leaves the traffic of its model as it is.

    Raises:
        ConfigError: A setting is wrong; nothing has changed.
    """
    configs = read_models(settings)
    if "" in configs:
        configs = {next(iter(models)): configs[""]}
    old, new = before.model_dump(exclude=STATIC), settings.model_dump(exclude=STATIC)
    others = [name for name in new if new[name] != old[name]]
    if next(iter(configs)) != next(iter(models)):
        others.append("model.name")
    if bool(before.models.model_extra) != bool(settings.models.model_extra):
        others.append("models")
    for name in [*others, *sorted(models.keys() ^ configs.keys())]:
        logger.warning("Needs a restart: %s", name)
    for name, model in models.items():
        if name in configs and isinstance(model, ServedModel):
            await _change(model, configs[name])


async def _change(model: ServedModel, config: ModelConfig) -> None:
    only = next(iter(model.of_version))
    wanted = {name or only: settings for name, settings in config.versions.items()}
    try:
        for name, settings in wanted.items():
            await _load(model, name, settings)
    except Exception as exc:  # noqa: BLE001  (a model may raise anything; it is in the log)
        text = "The traffic of %s stays as it is, because a version cannot be loaded: %s"
        logger.error(text, model.name, exc)  # noqa: TRY400
        return
    model.split(config.served.weights or {only: 1})
    set_routing(model, config.served)
    for name in [*model.of_version]:
        if name not in wanted:
            await model.remove(name).unload()


async def _load(model: ServedModel, name: str, settings: Settings) -> None:
    """Load a version that is not loaded, has other settings, or an artifact without checksum."""
    known = model.of_version.get(name)
    if known is None:
        pattern = next(iter(model.of_version.values()))
        version = Version(settings, pattern.create)
        version.check = pattern.check
        version.check(version.service)
        model.add(name, version)
        try:
            await version.load()
        except BaseException:
            model.remove(name)
            raise
    elif not known.service.loaded or may_differ(known.settings, settings):
        await known.load(settings)


def may_differ(before: Settings, now: Settings) -> bool:
    """Return whether the model of some settings may differ from that of others."""
    artifact = getattr(now.model, "artifact", None)
    is_unpinned = artifact is not None and artifact.uri and not artifact.is_pinned
    return bool(is_unpinned) or before.model.model_dump() != now.model.model_dump()
