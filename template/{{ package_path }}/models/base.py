"""The abstraction that every model implements."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple, get_type_hints

from ..core.errors import ConfigError


class Signature(NamedTuple):
    """Declared types of a model's input and output."""

    input: Any
    output: Any


class Model(ABC):
    """A model: what it is called, how it loads, how it predicts.

    The annotations of `predict` declare what goes in and out. From them come the request and
    response schemas, the examples in the docs, and what `/info` says. Any type that Pydantic can
    validate will do: `str`, `list[float]`, `Annotated[list[float], Len(4, 4)]`, a `BaseModel`.
    """

    model_name: ClassVar[str]
    """What the model is called, unless `model.name` is set."""
    version: ClassVar[str]
    """Version of the model, unless `model.version` is set."""
    inline: ClassVar[bool] = False
    """True for cheap, pure Python: `predict` then runs on the event loop, without a time limit.
    Any other runs in a thread, several calls at a time."""
    example: ClassVar[Any] = None
    """An input that `predict` takes: it warms the model up and stands in the docs."""

    def load(self) -> None:  # noqa: B027  (optional)
        """Prepare what `predict` needs: artifacts, connections. Called once, in a thread."""

    @abstractmethod
    def predict(self, input_data: Any) -> Any:
        """Predict for one input, already validated against its declared type.

        Raises:
            InvalidInputError: The input is of the right type but cannot be used.
            TransientModelError: A further attempt may succeed.
        """

    def predict_batch(self, inputs: list[Any]) -> list[Any]:
        """Predict for several inputs in one call, where the model can do that faster.

        Returns:
            As many results, in the order of the inputs; an exception in the place of an input that
            failed. The feature `batching` calls it with the inputs of requests that come together.
        """
        return [self.predict(input_data) for input_data in inputs]

    def unload(self) -> None:  # noqa: B027  (optional)
        """Release what `load` took. Called once, at the end."""

    @classmethod
    def signature(cls) -> Signature:
        """Read the declared types off `predict`.

        Raises:
            ConfigError: An annotation, the name or the version is missing.
        """
        hints = get_type_hints(cls.predict, include_extras=True)
        named = all(isinstance(getattr(cls, name, None), str) for name in ("model_name", "version"))
        if not named or len(hints) != 2 or "return" not in hints:
            raise ConfigError(
                f"{cls.__qualname__} needs texts `model_name` and `version`, and one annotated "
                "input and the return type, as in `def predict(self, input_data: str) -> str`"
            )
        return Signature(input=next(iter(hints.values())), output=hints["return"])
