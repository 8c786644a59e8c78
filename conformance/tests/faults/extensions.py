"""Faults of the repository index and of generate."""

import json

from faults.faulty_servers import (
    Fault,
    action,
    body,
    error,
    forgive,
    instead,
    path,
    put,
    rejections,
    replies,
    request,
)
from reference.routes import Reply, reply

INDEX = path("POST", "/v2/repository/index")
GENERATE, STREAM = action("generate"), action("generate_stream")


def no_state(loaded):
    for model in loaded:
        del model["state"]


def events(change):
    """Change the second event of streams."""

    def changed(response):
        if response.status == 200:
            first, second, _ = response.body.split(b"\n\n")
            event = json.loads(second.removeprefix(b"data: "))
            change(event)
            second = b"data: " + json.dumps(event).encode()
            response.body = b"\n\n".join([first, second, b""])

    return replies(STREAM, changed)


def content_type(kind):
    def change(response):
        if response.status == 200:
            response.headers["content-type"] = kind

    return change


def as_event(response):
    return Reply(200, b"data: " + response.body + b"\n\n", {"content-type": "text/event-stream"})


EXTENSIONS = {
    "index-without-state": Fault(
        "repository-index", body(lambda c: INDEX(c) and c.body == b"{}", no_state)),
    "nothing-is-ready": Fault("repository-index-ready", instead(
        lambda c: INDEX(c) and request(c).get("ready"), lambda: reply([]))),
    "index-demands-a-body": Fault(
        "repository-index-empty", instead(lambda c: INDEX(c) and not c.body, error),
        also={"triton-index"}),
    "index-takes-anything": Fault("repository-index-error", forgive("bad index")),
    "generated-is-text": Fault("generate", replies(GENERATE, content_type("text/plain"))),
    "generated-loses-id": Fault("generate-id", body(GENERATE, put(id=None))),
    "no-version-generates": Fault("generate-version", instead(
        action("generate", versioned=True), lambda: error(404))),
    "generate-refuses-parameters": Fault("generate-parameters", instead(
        lambda c: GENERATE(c) and "parameters" in request(c), error)),
    "generate-takes-anything": Fault("generate-error", forgive("bad generate", "generate")),
    "anything-generates": Fault("generate-unknown-model", forgive("unknown model", "generate")),
    "stream-is-json": Fault("generate-stream", replies(STREAM, content_type("application/json"))),
    "event-without-model": Fault("generate-stream-events", events(put(model_name=None))),
    "event-without-id": Fault("generate-stream-id", events(put(id=None))),
    "error-is-an-event": Fault(
        "generate-stream-error", rejections("bad generate", as_event, "generate_stream")),
}  # fmt: skip
