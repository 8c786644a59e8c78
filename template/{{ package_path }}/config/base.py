"""Base classes of sections of the settings."""

from pydantic import BaseModel, ConfigDict, PrivateAttr


class Section(BaseModel):
    """A nested group of settings: unknown names are errors, values cannot change once loaded."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ModelOptions(Section):
    """Options of the model, as they are configured; the class of the model validates them."""

    model_config = ConfigDict(extra="allow")
    _places: dict[tuple[str, ...], str] = PrivateAttr(default_factory=dict)
