"""Faults that only the published clients see."""

from faults.faulty_servers import (
    TRITON,
    Fault,
    action,
    body,
    error,
    instead,
    path,
    put,
    replies,
    request,
)
from faults.inference import content_type

READY = path("GET", "/v2/health/ready")
METADATA, INFER = action(""), action("infer")


def triton(when):
    """Select calls of Triton's client."""
    return lambda call: TRITON in call.headers.get("user-agent", "") and when(call)


CLIENTS = {
    "triton-has-no-health": Fault(
        "triton-health", instead(triton(READY), lambda: error(403))),
    "triton-has-no-metadata": Fault(
        "triton-metadata", instead(triton(METADATA), lambda: error(403))),
    "triton-is-told-otherwise": Fault(
        "triton-error",
        instead(lambda c: triton(INFER)(c) and "conformance" in c.path and "xx" not in c.path,
                error)),
    "triton-has-no-index": Fault(
        "triton-index", instead(triton(path("POST", "/v2/repository/index")), error)),
    "ready-says-live-alone": Fault("kserve-health", body(READY, put(ready=None))),
    "model-name-refused": Fault(
        "kserve-infer", instead(lambda c: INFER(c) and "model_name" in request(c)
                                and "conformance" not in c.path, error)),
    "errors-with-a-charset": Fault(
        "kserve-error", replies(INFER, content_type(404, "application/json; charset=utf-8"))),
}  # fmt: skip
