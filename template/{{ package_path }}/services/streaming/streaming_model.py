"""Declarations of a model that streams, or that generates text."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol, get_args, get_type_hints, runtime_checkable

from ...core.errors import ConfigError
from ...models.base import Model
from ...models.json_types import json_type
from ..tensors.spec import TensorSpec, describe_type

TEXT_INPUT, TEXT_OUTPUT = "text_input", "text_output"  # names of the protocol


@runtime_checkable
class Streaming(Protocol):
    """A model that can stream its prediction in chunks, such as a text while it is generated.

    The return annotation of `predict_stream`, as in `Iterator[str]`, declares the type of a chunk.
    """

    def predict_stream(self, input_data: Any) -> Iterator[Any] | AsyncIterator[Any]:
        """Yield the chunks of the prediction for one input.

        A plain generator runs in a thread, an `async def` on the event loop. A chunk that takes
        longer than `service.timeout` is an error. When the client disconnects, the generator is
        closed.
        """


def chunk_type(model: Model) -> Any:
    """Return the declared type of a chunk: that of the prediction if the model cannot stream.

    Raises:
        ConfigError: The model does not declare it, or JSON cannot represent it.
    """
    if not isinstance(model, Streaming):
        return model.signature().output
    hints = get_type_hints(type(model).predict_stream, include_extras=True)
    kinds = get_args(hints.get("return"))
    if not kinds:
        name = type(model).__qualname__
        raise ConfigError(f"{name}.predict_stream needs a return type, as in `Iterator[str]`")
    return json_type(kinds[0], "serialization")


def generates_text(model: Model) -> bool:
    """Return whether input and output are text; the input may be the field `text_input`."""
    inputs = describe_type(model.signature().input, TEXT_INPUT)
    outputs = [
        describe_type(kind, TEXT_OUTPUT, mode="serialization")
        for kind in (model.signature().output, chunk_type(model))
    ]
    whole = [TensorSpec(TEXT_OUTPUT, "BYTES", ())]
    return TensorSpec(TEXT_INPUT, "BYTES", ()) in inputs.specs and all(
        not output.has_fields and [*output.specs] == whole for output in outputs
    )
