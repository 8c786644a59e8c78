"""Create the model that the configuration names."""

from difflib import get_close_matches
from pathlib import Path

from ..core.errors import ConfigError
from ..core.importing import import_own
from .base import Model


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
