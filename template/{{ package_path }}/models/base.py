"""The interface that every model implements."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, get_type_hints

from ..config.base import Section
from ..core.errors import ConfigError
from .json_types import json_type
from .methods import check_methods, input_parameter


class Signature(NamedTuple):
    """Declared types of a model's input and output, in their JSON form."""

    input: Any
    output: Any


class Model(ABC):
    """A model: its name and version, how it loads, how it predicts.

    The annotations of `predict` declare its input and output. They determine the schemas of
    requests and responses, the examples in the docs, and `/info`. Any type that Pydantic can
    validate works: `str`, `list[float]`, `Annotated[list[float], Len(4, 4)]`, a `BaseModel`.

    Each method may be `async def`: it then runs on the event loop, where it must not block, and is
    cancelled at the time limit. Plain methods run in threads, several calls at a time.
    """

    model_name: ClassVar[str]
    """Name of the model, unless `model.name` is set."""
    version: ClassVar[str]
    """Version of the model, unless `model.version` is set."""
    inline: ClassVar[bool] = False
    """True for cheap, pure Python: a plain `predict` then runs on the event loop, without a time
    limit."""
    cache: ClassVar[bool] = True
    """False if equal inputs may have different predictions, as in sampling: none is cached."""
    example: ClassVar[Any] = None
    """A valid input: it warms the model up and is the example in the docs."""
    Options: ClassVar[type[Section]] = Section
    """Settings of this class of models: a nested class with a field for each."""

    @cached_property
    def options(self) -> Any:
        """Values of `Options`, from the section `model.options`; set before `load`."""
        return self.Options()

    artifact: Path | None = None
    """Local path of what `model.artifact` names, verified; set before `load`."""

    def load(self) -> Awaitable[None] | None:  # noqa: B027  (optional)
        """Prepare what `predict` needs: artifacts, connections. Called once."""

    @abstractmethod
    def predict(self, input_data: Any) -> Any:
        """Predict for one input, already validated against its declared type.

        Raises:
            InvalidInputError: The input is of the right type but cannot be used.
            TransientModelError: Another attempt may succeed.
        """

    def predict_batch(self, inputs: list[Any]) -> Any:
        """Predict for several inputs in one call, if the model can do that faster.

        Returns:
            One result for each input, in order; an exception for an input that failed. The feature
            `batching` calls this method with the inputs of concurrent requests. If `predict` is
            `async def`, override it to use it.
        """
        return [self.predict(input_data) for input_data in inputs]

    def unload(self) -> Awaitable[None] | None:  # noqa: B027  (optional)
        """Release the resources of `load`. Called once, at the end."""

    @classmethod
    def signature(cls) -> Signature:
        """Return the declared types of `predict`.

        Raises:
            ConfigError: An annotation, the name or the version is missing, a method is of the wrong
                kind, or JSON cannot represent a declared type.
        """
        check_methods(cls)
        parameter = input_parameter(cls)
        hints = get_type_hints(cls.predict, include_extras=True) if parameter else {}
        named = all(isinstance(getattr(cls, name, None), str) for name in ("model_name", "version"))
        if not named or [*hints] != [parameter, "return"]:
            raise ConfigError(
                f"{cls.__qualname__} needs strings `model_name` and `version`, and `predict` with "
                "typed input and result, as in `def predict(self, input_data: str) -> str`"
            )
        return Signature(
            input=json_type(next(iter(hints.values())), "validation"),
            output=json_type(hints["return"], "serialization"),
        )
