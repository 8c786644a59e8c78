"""Finding the model that the configuration names."""

from pydantic import PydanticUserError, TypeAdapter

from ..core.errors import ConfigError
from ..core.importing import import_own
from .base import Model


def create_model(implementation: str) -> Model:
    """Create the model that `module:Class` names, without loading it.

    Raises:
        ConfigError: There is no such class in `models/`, or it is not a complete `Model`.
    """
    module, _, class_name = implementation.partition(":")
    problem = f"Configuration error:\n  model.implementation: {implementation}"
    try:
        model_class = getattr(import_own(f"{__package__}.{module}"), class_name, None)
        if isinstance(model_class, type) and issubclass(model_class, Model):
            model = model_class()
            for kind in model.signature():
                TypeAdapter(kind)
            return model
    except PydanticUserError as exc:
        raise ConfigError(f"{problem}: Pydantic cannot validate a type of predict") from exc
    except Exception as exc:
        raise ConfigError(f"{problem}: {exc}") from exc
    raise ConfigError(f"{problem}: the module has no subclass of Model of that name")
