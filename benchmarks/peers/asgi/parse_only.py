"""Half of the limit of ONNX: reads and validates as the rendered service does, without a model."""

from typing import Annotated

from exchange import read, write
from pydantic import ConfigDict, Field, TypeAdapter, create_model

Features = Annotated[list[float], Field(min_length=784, max_length=784)]
config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
Payload = create_model("Payload", __config__=config, input=(Features, ...))
validate = TypeAdapter(Payload).validator.validate_json


async def app(scope, receive, send):
    """Respond with the count of numbers."""
    if scope["type"] == "http":
        payload = validate(await read(receive))
        await write(send, b'{"prediction":%d}' % len(payload.input))
