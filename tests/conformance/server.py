"""A server that is right, in the standard library, and wrong on request: `--fault=name`."""

import argparse
import gzip
import json
import re
import zlib
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from tests.conformance.models import MODELS
from tests.conformance.protocol import (
    LENGTH,
    RefusedError,
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
    """What a client sends; the names of headers in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def action(self):
        """`infer`, `generate`, …, of a model; empty for its metadata, None for other paths."""
        found = MODEL_PATH.fullmatch(self.path)
        return found and (found[3] or "")


@dataclass
class Reply:
    """What goes back."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))
    kind: str = ""
    """Of the refusal, if it is one; for faults."""


def reply(body, status=200, kind=""):
    return Reply(status, json.dumps(body).encode(), kind=kind)


def serve(call):
    """Answer a call."""
    try:
        return route(call)
    except RefusedError as exc:
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
    raise RefusedError("unknown path", f"nothing is at {call.path}", 404)


def find(name, version):
    if name not in MODELS:
        raise RefusedError("unknown model", f"there is no model {name!r}", 404)
    if version and version not in MODELS[name].versions:
        raise RefusedError("unknown version", f"{name!r} has no version {version!r}", 404)
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
    raise RefusedError("unknown path", f"nothing is at {call.path}", 404)


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
    answer = reply(body)
    if raw:
        answer.headers = {"content-type": "application/octet-stream", LENGTH: str(len(answer.body))}
        answer.body += raw
    return answer


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


def compressing(serve_plain):
    """Decompress calls and compress replies."""

    def serve_compressed(call):
        try:
            call.body = decompress(call.body, call.headers.get("content-encoding"))
        except RefusedError as exc:
            return reply({"error": str(exc)}, exc.status, exc.kind)
        answer = serve_plain(call)
        accepted = call.headers.get("accept-encoding", "")
        for coding, compress in (("gzip", gzip.compress), ("deflate", zlib.compress)):
            if coding in accepted:
                answer.headers["content-encoding"] = coding
                answer.body = compress(answer.body)
                break
        return answer

    return serve_compressed


def decompress(body, coding):
    decoders = {None: bytes, "gzip": gzip.decompress, "deflate": zlib.decompress}
    if coding not in decoders:
        raise RefusedError("unknown compression", f"no encoding {coding!r}", 415)
    try:
        return decoders[coding](body)
    except (OSError, EOFError, zlib.error) as exc:
        raise RefusedError("broken compression", f"no {coding}: {exc}") from exc


class Handler(BaseHTTPRequestHandler):
    """Hands calls to the server's `serve`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        answer = self.server.serve(Call(self.command, self.path, headers, body))
        self.send_response(answer.status)
        for name, value in (answer.headers | {"content-length": str(len(answer.body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_):
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """The right server, or one with a fault."""

    daemon_threads = True

    def handle_error(self, *_):
        """Say nothing: clients close connections as they like."""

    request_queue_size = 128

    def __init__(self, fault=None, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        inner = fault.inner(serve) if fault else serve
        outer = compressing(inner)
        self.serve = fault.outer(outer) if fault else outer
        self.url = f"http://127.0.0.1:{self.server_port}"


def main():
    from tests.conformance.faults import FAULTS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--fault", choices=sorted(FAULTS))
    options = parser.parse_args()
    with Server(FAULTS.get(options.fault), options.port) as server:
        print(f"{server.url} serves {', '.join(MODELS)}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
