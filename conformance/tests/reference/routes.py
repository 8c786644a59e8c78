"""Routes of the reference server."""

import json
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from reference.models import MODELS
from reference.protocol import (
    LENGTH,
    RejectedError,
    demand,
    load,
    read_inputs,
    read_raw,
    split,
    write_outputs,
)

JSON = {"content-type": "application/json"}
EXTENSIONS = ["binary_tensor_data", "model_repository(index only)", "generate"]
MODEL_PATH = re.compile(r"/v2/models/([^/]+)(?:/versions/([^/]+))?(?:/(\w+))?")


@dataclass
class Call:
    """A request, with the names of headers in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def action(self):
        """Return `infer`, `generate`, … of a model; empty for metadata, None for other paths."""
        found = MODEL_PATH.fullmatch(self.path)
        return found and (found[3] or "")


@dataclass
class Reply:
    """A response."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))
    kind: str = ""
    """Kind of the error, if it is one; for faults."""


def reply(body, status=200, kind=""):
    return Reply(status, json.dumps(body).encode(), kind=kind)


def serve(call):
    """Return the reply to a call."""
    try:
        return route(call)
    except RejectedError as exc:
        return reply({"error": str(exc)}, exc.status, exc.kind)


def route(call):
    if (call.method, call.path) == ("GET", "/v2/health/live"):
        return reply({"live": True})
    if (call.method, call.path) == ("GET", "/v2/health/ready"):
        return reply({"live": True, "ready": True})
    if call.method == "GET" and call.path in ("/v2", "/v2/"):
        return reply({"name": "reference", "version": "1", "extensions": EXTENSIONS})
    if (call.method, call.path) == ("POST", "/v2/repository/index"):
        return index(call)
    if found := MODEL_PATH.fullmatch(call.path):
        name, version, action = (unquote(part or "") for part in found.groups())
        return of_model(call, find(name, version), version, action)
    raise RejectedError("unknown path", f"nothing is at {call.path}", 404)


def find(name, version):
    if name not in MODELS:
        raise RejectedError("unknown model", f"there is no model {name!r}", 404)
    if version and version not in MODELS[name].versions:
        raise RejectedError("unknown version", f"{name!r} has no version {version!r}", 404)
    return MODELS[name]


def of_model(call, model, version, action):
    actions = {"infer": infer, "generate": generate, "generate_stream": generate_stream}
    if call.method == "POST" and action in actions:
        used = {"model_version": version or model.versions[0]} if model.versions else {}
        return actions[action](call, model, {"model_name": model.name, **used})
    if call.method == "GET" and action == "ready":
        return reply({"name": model.name, "ready": True})
    if call.method == "GET" and not action:
        return reply(metadata(model))
    raise RejectedError("unknown path", f"nothing is at {call.path}", 404)


def metadata(model):
    def tensors(described):
        return [
            {"name": name, "datatype": datatype, "shape": shape}
            for name, (datatype, shape) in described.items()
        ]

    versions = {"versions": list(model.versions)} if model.versions else {}
    sides = {"inputs": tensors(model.inputs), "outputs": tensors(model.outputs)}
    return {"name": model.name, **versions, "platform": "reference_python", **sides}


def infer(call, model, named):
    if call.headers.get(LENGTH) == "0":
        request = {"parameters": {"binary_data_output": True}}
        tensors = read_raw(model, call.body)
    else:
        request, rest = split(call.body, call.headers.get(LENGTH))
        tensors = read_inputs(model, request, rest)
    outputs, raw = write_outputs(model, request, model.predict(tensors))
    return join(named | identified(request) | {"outputs": outputs}, raw)


def join(body, raw):
    """Put bytes behind a JSON object."""
    response = reply(body)
    if raw:
        response.headers = {
            "content-type": "application/octet-stream",
            LENGTH: str(len(response.body)),
        }
        response.body += raw
    return response


def identified(request):
    return {"id": request["id"]} if "id" in request else {}


def index(call):
    load(call.body or b"{}", "bad index")
    return reply([
        {"name": model.name, "version": version, "state": "READY", "reason": ""}
        for model in MODELS.values()
        for version in model.versions or ("",)
    ])  # fmt: skip


def generated(call, named):
    request = load(call.body, "bad generate")
    text = request.get("text_input")
    demand(isinstance(text, str), "bad generate", "expected a text `text_input`")
    return [named | identified(request) | {"text_output": word} for word in (text, "and so on")]


def generate(call, _, named):
    return reply(generated(call, named)[0])


def generate_stream(call, _, named):
    events = [f"data: {json.dumps(event)}\n\n" for event in generated(call, named)]
    return Reply(200, "".join(events).encode(), {"content-type": "text/event-stream"})
