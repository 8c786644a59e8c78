"""The server and the model under test."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from open_inference_conformance.example import Example
from open_inference_conformance.response import InferenceResponse
from open_inference_conformance.tensors import same_elements
from open_inference_conformance.transport import Request, Response, send

UNKNOWN = "conformance-no-such"
"""A name that no model, version or tensor has."""
JSON = {"Content-Type": "application/json"}


@dataclass
class Subject:
    """A model of a server; keeps the last request and response for the report."""

    url: str
    """Base URL without a slash at the end; may have a path."""
    model: str
    version: str = ""
    """The version that requests name; empty for none."""
    exchange: list[object] = field(default_factory=list)

    def path(self, action: str = "", *, model: str = "", version: str | None = None) -> str:
        """Return the path of the model, of another model or of another version."""
        version = self.version if version is None else version
        path = f"/v2/models/{quote(model or self.model, safe='')}"
        path += f"/versions/{quote(version, safe='')}" if version else ""
        return f"{path}/{action}" if action else path

    def get(self, path: str) -> Response:
        """Send a GET request."""
        return self._send(Request("GET", self.url + path, {}, None))

    def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> Response:
        """Send a POST request: bytes as they are, anything else as JSON.

        `headers` replace the content type of JSON.
        """
        encoded = self.encoded(body)
        sent = JSON if headers is None else headers
        return self._send(Request("POST", self.url + path, sent, encoded))

    @staticmethod
    def encoded(body: object) -> bytes:
        """Return the bytes that are sent for a body."""
        return body if isinstance(body, bytes) else json.dumps(body).encode()

    def post_infer(
        self, body: object, headers: dict[str, str] | None = None, *, path: str = ""
    ) -> Response:
        """Send an inference request and return the response, whatever its status."""
        return self.post(path or self.path("infer"), body, headers)

    def infer(
        self, body: object, headers: dict[str, str] | None = None, *, path: str = ""
    ) -> InferenceResponse:
        """Send an inference request that must succeed; raise `AssertionError` if it fails."""
        return InferenceResponse(self.post_infer(body, headers, path=path))

    def _send(self, request: Request) -> Response:
        self.exchange = [request]
        response = send(request)
        self.exchange.append(response)
        return response

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """Return the metadata of the model; empty if they cannot be read."""
        return self._object(self.path())

    @cached_property
    def extensions(self) -> set[str]:
        """Return the extensions that the server claims, without remarks in parentheses."""
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
        """Return the versions that can be requested."""
        listed = self.metadata.get("versions")
        listed = listed if isinstance(listed, list) else []
        return [self.version] if self.version and not listed else listed

    def tensors(self, side: str) -> dict[str, dict[str, Any]]:
        """Return the readable metadata of `inputs` or `outputs` by name."""
        listed = self.metadata.get(side)
        listed = listed if isinstance(listed, list) else []
        return {
            tensor["name"]: tensor
            for tensor in listed
            if isinstance(tensor, dict) and {"name", "datatype", "shape"} <= tensor.keys()
        }

    def is_deterministic(self, example: Example) -> bool:
        """Return whether the same request gets the same response twice."""
        one, other = self.infer(example.body()), self.infer(example.body())
        return all(
            same_elements(output.datatype, output.data, other.outputs[name].data)
            for name, output in one.outputs.items()
            if name in other.outputs
        )
