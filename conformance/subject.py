"""The server and the model that are held against the protocol."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from conformance.answer import Answer
from conformance.example import Example
from conformance.tensors import same_elements
from conformance.transport import Request, Response, send

UNKNOWN = "conformance-no-such"
"""Neither a model nor a version nor a tensor of anybody."""
JSON = {"Content-Type": "application/json"}


@dataclass
class Subject:
    """A model of a server; remembers the last exchange, for the report."""

    url: str
    """Without a slash at the end; may have a path."""
    model: str
    version: str = ""
    """That requests name; empty: none."""
    exchange: list[object] = field(default_factory=list)

    def path(self, action: str = "", *, model: str = "", version: str | None = None) -> str:
        """Give the path of the model, or of another one, or of another of its versions."""
        version = self.version if version is None else version
        path = f"/v2/models/{quote(model or self.model, safe='')}"
        path += f"/versions/{quote(version, safe='')}" if version else ""
        return f"{path}/{action}" if action else path

    def get(self, path: str) -> Response:
        """Get a path."""
        return self._send(Request("GET", self.url + path, {}, None))

    def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> Response:
        """Post bytes as they are, anything else as JSON; these headers instead of JSON's."""
        encoded = self.encoded(body)
        sent = JSON if headers is None else headers
        return self._send(Request("POST", self.url + path, sent, encoded))

    @staticmethod
    def encoded(body: object) -> bytes:
        """Give a body as it is sent."""
        return body if isinstance(body, bytes) else json.dumps(body).encode()

    def infer(
        self, body: object, headers: dict[str, str] | None = None, *, path: str = ""
    ) -> Response:
        """Send an inference request and give whatever comes back."""
        return self.post(path or self.path("infer"), body, headers)

    def answer(
        self, body: object, headers: dict[str, str] | None = None, *, path: str = ""
    ) -> Answer:
        """Send an inference request that must succeed."""
        return Answer(self.infer(body, headers, path=path))

    def _send(self, request: Request) -> Response:
        self.exchange = [request]
        response = send(request)
        self.exchange.append(response)
        return response

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """What the server says of the model; empty where it says nothing that can be read."""
        return self._object(self.path())

    @cached_property
    def extensions(self) -> set[str]:
        """What the server claims, without what stands in brackets behind a name."""
        claimed = self._object("/v2").get("extensions")
        names = claimed if isinstance(claimed, list) else []
        return {str(name).partition("(")[0].strip() for name in names}

    def _object(self, path: str) -> dict[str, Any]:
        try:
            found = self.get(path).json()
        except AssertionError:
            return {}
        return found if isinstance(found, dict) else {}

    @cached_property
    def versions(self) -> list[str]:
        """The versions that can be requested."""
        listed = self.metadata.get("versions")
        listed = listed if isinstance(listed, list) else []
        return [self.version] if self.version and not listed else listed

    def tensors(self, side: str) -> dict[str, dict[str, Any]]:
        """Give the metadata of inputs or outputs by name, those that can be read."""
        listed = self.metadata.get(side)
        listed = listed if isinstance(listed, list) else []
        return {
            tensor["name"]: tensor
            for tensor in listed
            if isinstance(tensor, dict) and {"name", "datatype", "shape"} <= tensor.keys()
        }

    def is_deterministic(self, example: Example) -> bool:
        """Tell whether the same request gets the same answer twice."""
        one, other = self.answer(example.body()), self.answer(example.body())
        return all(
            same_elements(output.datatype, output.data, other.outputs[name].data)
            for name, output in one.outputs.items()
            if name in other.outputs
        )
