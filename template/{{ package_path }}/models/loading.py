"""Create the model that the configuration names."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..config.base import Section
from ..config.settings import Settings
from ..core.config import read_options
from ..core.errors import ConfigError
from ..core.importing import import_own
from .base import Model


def configure(model: Model | None, settings: Settings) -> Model:
    """Create the model that the settings name, unless one is given; set its options.

    Raises:
        ConfigError: The class cannot be used, or an option is wrong.
    """
    model = model or create_model(settings.model.implementation)
    declared: Any = type(model).Options  # an older model may have something else of this name
    kind = declared if isinstance(declared, type) and issubclass(declared, Section) else Section
    options, is_set = read_options(settings, kind), settings.model.options.model_extra
    if kind is not Section and (is_set or "options" not in vars(model)):
        model.options = options
    return model


def create_model(implementation: str) -> Model:
    """Create the model that `module:Class` names, without loading it.

    Raises:
        ConfigError: The class is not in `models/`, or is not a complete `Model`.
    """
    module, _, class_name = implementation.partition(":")
    problem = f"Configuration error:\n  model.implementation: {implementation}"
    try:
        members = vars(import_own(f"{__package__}.{module}"))
        model_class = members.get(class_name)
        if isinstance(model_class, type) and issubclass(model_class, Model):
            model = model_class()
            model.signature()
            return model
    except Exception as exc:
        files = [file.stem for file in Path(__file__).parent.glob("*.py")]
        near = "" if module in files else _nearest(module, files, cutoff=0.6)
        raise ConfigError(f"{problem}: {exc}{near}") from exc
    classes = [name for name, member in members.items() if isinstance(member, type)]
    near = _nearest(class_name, [name for name in classes if issubclass(members[name], Model)])
    raise ConfigError(f"{problem}: the module has no subclass of Model with this name{near}")


def _nearest(name: str, names: list[str], cutoff: float = 0) -> str:
    near = get_close_matches(name, names, n=1, cutoff=cutoff)
    return f"; did you mean {near[0]}?" if near else ""
