"""Faults of health and metadata."""

from faults.faulty_servers import (
    Fault,
    action,
    body,
    error,
    forgive,
    instead,
    path,
    put,
    status,
)
from faults.inference import float_shape

LIVE, READY = path("GET", "/v2/health/live"), path("GET", "/v2/health/ready")
METADATA = action("")


def first_output(loaded):
    loaded["outputs"][0]["datatype"] = "FP64"


def float_shapes(loaded):
    for tensor in loaded["outputs"]:
        float_shape(tensor)


def one_more_version(loaded):
    loaded["versions"].append("9")


METADATA_AND_HEALTH = {
    "live-202": Fault("health-live", status(LIVE, 202), also={"triton-health"}),
    "ready-202": Fault("health-ready", status(READY, 202), also={"triton-health"}),
    "live-says-nothing": Fault(
        "health-live-body", body(LIVE, put(live=None)), also={"kserve-health"}),
    "ready-says-no": Fault("health-ready-body", body(READY, put(live=False))),
    "server-version-is-a-number": Fault(
        "server-metadata", body(path("GET", "/v2"), put(version=1))),
    "no-slash": Fault("server-metadata-slash", instead(path("GET", "/v2/"), lambda: error(404))),
    "other-name": Fault(
        "model-metadata", body(METADATA, put(name="other")), also={"triton-metadata"}),
    "no-platform": Fault(
        "model-metadata-platform", body(METADATA, put(platform=None)), also={"openapi"}),
    "shapes-are-floats": Fault("model-metadata-tensors", body(METADATA, float_shapes)),
    "inputs-not-listed": Fault(
        "model-metadata-inputs", body(METADATA, put(inputs=[])), given=True),
    "other-datatype-listed": Fault("model-metadata-outputs", body(METADATA, first_output)),
    "version-listed-that-is-not": Fault(
        "model-metadata-versions", body(METADATA, one_more_version)),
    "metadata-of-anything": Fault("model-metadata-unknown", forgive("unknown model", "")),
    "metadata-of-any-version": Fault(
        "model-metadata-unknown-version", forgive("unknown version", "")),
    "never-ready": Fault(
        "model-ready", status(action("ready", versioned=False), 503),
        also={"triton-health", "kserve-health"}),
    "ready-without-name": Fault("model-ready-body", body(action("ready"), put(name=None))),
    "no-version-is-ready": Fault(
        "model-ready-version", instead(action("ready", versioned=True), lambda: error(404))),
    "anything-is-ready": Fault(
        "model-ready-unknown", forgive("unknown model", "ready"),
        also={"triton-health", "kserve-health"}),
    "any-version-is-ready": Fault(
        "model-ready-unknown-version", forgive("unknown version", "ready")),
}  # fmt: skip
