"""Create the services of all models."""

import logging
from typing import Any

from pydantic import TypeAdapter

from ...config.settings import ServedModelSettings, Settings
from ...core.errors import ConfigError
from ...core.model_configs import ModelConfig, read_models
from ..inference_service import InferenceService
from .retirement import return_large_blocks
from .served_model import ServedModel
from .setting_names import named_in_full
from .shadow import Shadows
from .version import Create, Version

logger = logging.getLogger(__name__)


def create_services(create: Create, settings: Settings) -> list[InferenceService]:
    """Create the service of each model, the default one first.

    Raises:
        ConfigError: A setting or a class of a model is wrong.
    """
    return_large_blocks()  # before a model is loaded
    create = named_in_full(create)
    return [_serve(create, config) for config in read_models(settings).values()]


def _serve(create: Create, config: ModelConfig) -> ServedModel:
    found = [Version(settings, create) for settings in config.versions.values()]
    versions = {version.service.listed: version for version in found}
    types = ServedTypes(found[0].service)
    for version in found:
        types.check(version.service)
        version.check = types.check
    weights = config.served.weights or dict.fromkeys(versions, 1.0)
    model = ServedModel(versions, weights, found[0].settings)
    for name in versions:
        model.pin(name)
    set_routing(model, config.served)
    return model


def set_routing(model: ServedModel, served: ServedModelSettings) -> None:
    """Set the header that keeps clients on a version, and the shadows."""
    header = served.sticky_header
    model.sticky_header = header.lower().encode() if header else None
    if served.shadow and model.shadowing is None:
        model.shadowing = Shadows(model)
    model.shadows = served.shadow
    for version in sorted(served.shadow.keys() & model.shares.keys()):
        text = "The shadow %s of %s has a share, so it predicts unseen only for requests of others"
        logger.warning(text, version, model.name)


class ServedTypes:
    """The types of a model's routes, which are those of all its versions."""

    def __init__(self, service: InferenceService) -> None:
        self._model, self._version, self._types = service.name, service.version, _types(service)

    def check(self, service: InferenceService) -> None:
        """Check that a version can have the same routes.

        Raises:
            ConfigError: Its inputs or outputs have other types, or it has another name.
        """
        if service.name != self._model:
            name = f"{service.name} instead of {self._model}"
            raise ConfigError(f"Configuration error:\n  model.name: {name} needs a restart")
        if _types(service) != self._types:
            raise ConfigError(
                f"Configuration error:\n  models.{self._model}.versions: the types of "
                f"{service.version} are not those of {self._version}; a model with other types "
                "needs another name"
            )


def _types(service: InferenceService) -> Any:
    signature = service.signature
    inputs = TypeAdapter(signature.input).json_schema(mode="validation")
    outputs = TypeAdapter(signature.output).json_schema(mode="serialization")
    return _without_titles([inputs, outputs])


def _without_titles(schema: Any) -> Any:
    """Return a JSON schema without the names of classes, which may differ."""
    if isinstance(schema, list):
        return [*map(_without_titles, schema)]
    if not isinstance(schema, dict):
        return schema
    kept = {name: value for name, value in schema.items() if not _is_title(name, value)}
    return {name: _without_titles(value) for name, value in kept.items()}


def _is_title(name: str, value: Any) -> bool:
    return name == "title" and isinstance(value, str)
