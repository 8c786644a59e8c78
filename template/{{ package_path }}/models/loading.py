"""Finding the model that the configuration names."""

from ..core.errors import ConfigError
from ..core.importing import import_own
from .base import Model


def create_model(implementation: str) -> Model:
    """Create the model that `module:Class` names, without loading it.

    Raises:
        ConfigError: There is no such class in `models/`, or it is not a complete `Model`.
    """
    module, _, class_name = implementation.partition(":")
    try:
        model_class = getattr(import_own(f"{__package__}.{module}"), class_name, None)
        if isinstance(model_class, type) and issubclass(model_class, Model):
            return model_class()
    except Exception as exc:
        raise ConfigError(f"model.implementation: {implementation}: {exc}") from exc
    raise ConfigError(f"model.implementation: {implementation} is no subclass of Model")
