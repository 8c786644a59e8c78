"""Responses to inference requests: a JSON object, with or without binary tensors behind it."""

import json
from dataclasses import dataclass
from typing import Any

from open_inference_conformance.tensors import flatten, unpack
from open_inference_conformance.transport import Response

LENGTH = "Inference-Header-Content-Length"


@dataclass(frozen=True)
class Output:
    """An output tensor of a response."""

    described: dict[str, Any]
    """Its object in the response."""
    data: list[Any]
    """Its elements, flat."""
    raw: bytes | None
    """Its bytes, if it came in binary form."""

    @property
    def datatype(self) -> str:
        """Return the datatype in the response."""
        return str(self.described.get("datatype"))

    @property
    def size(self) -> Any:
        """Return the `binary_data_size` in the response, if any."""
        return (self.described.get("parameters") or {}).get("binary_data_size")

    @property
    def shape(self) -> Any:
        """Return the shape in the response."""
        return self.described.get("shape")


class InferenceResponse:
    """A successful response, read as far as a comparison needs it; the tests check the rest."""

    def __init__(self, response: Response) -> None:
        """Read a response; raise `AssertionError` if it is an error or cannot be read."""
        assert response.status == 200, f"expected 200; got {response.status}"
        self.response = response
        length = response.headers.get(LENGTH.lower())
        assert length is None or length.isdecimal(), f"{LENGTH} is {length!r}"
        self.head = response.body[: int(length)] if length else response.body
        self.rest = response.body[len(self.head) :]
        self.body = _object(self.head)
        self.outputs = self._outputs()

    def _outputs(self) -> dict[str, Output]:
        listed = self.body.get("outputs")
        assert isinstance(listed, list), "expected a list `outputs` in the response; got none"
        found, rest = {}, self.rest
        for described in listed:
            size = Output(described, [], None).size
            raw = None if size is None else rest[:size]
            rest = rest[size or 0 :]
            found[described["name"]] = Output(described, _elements(described, raw), raw)
        return found


def _object(head: bytes) -> dict[str, Any]:
    try:
        body = json.loads(head)
    except ValueError as exc:
        raise AssertionError(f"the response is not JSON: {exc}") from exc
    assert isinstance(body, dict), f"expected a JSON object; got {type(body).__name__}"
    return body


def _elements(described: dict[str, Any], raw: bytes | None) -> list[Any]:
    if raw is None:
        return flatten(described.get("data", []))
    try:
        return unpack(str(described.get("datatype")), raw)
    except ValueError as exc:
        raise AssertionError(f"output {described['name']!r}: {exc}") from exc
