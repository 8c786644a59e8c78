"""The faults of the reference server, by name."""

from tests.conformance.faults_of_binary import BINARY
from tests.conformance.faults_of_extensions import EXTENSIONS
from tests.conformance.models import ECHO
from tests.conformance.wrongs import (
    TRITON,
    Fault,
    action,
    body,
    crash,
    error,
    forgive,
    instead,
    outputs,
    path,
    put,
    refusals,
    replies,
    request,
    requests,
    status,
)

LIVE, READY = path("GET", "/v2/health/live"), path("GET", "/v2/health/ready")
METADATA = action("")
INFER = action("infer")


def triton(when):
    """Calls of Triton's client."""
    return lambda call: TRITON in call.headers.get("user-agent", "") and when(call)


def first_output(loaded):
    loaded["outputs"][0]["datatype"] = "FP64"


def float_shape(tensor):
    tensor["shape"] = [float(n) for n in tensor["shape"]]


def float_shapes(loaded):
    for tensor in loaded["outputs"]:
        float_shape(tensor)


def one_more_version(loaded):
    loaded["versions"].append("9")


def fewer_outputs(loaded):
    loaded["outputs"] = [{"name": f"{name}_out"} for name in list(ECHO)[:-1]]


def sort_outputs(loaded):
    if all("data" in output for output in loaded["outputs"]):
        loaded["outputs"].sort(key=lambda output: output["name"])


def all_outputs(loaded):
    if len(loaded.get("outputs", [])) == 1 and "conformance" not in loaded["outputs"][0]["name"]:
        del loaded["outputs"]


def is_turned(call):
    names = [one.get("name") for one in inputs(call)]
    return INFER(call) and "in_bool" in names and names[:1] != ["in_bool"] and len(names) == 13


def inputs(call):
    listed = request(call).get("inputs")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def is_nested(call):
    return INFER(call) and any(
        isinstance(one.get("data"), list) and one["data"] and isinstance(one["data"][0], list)
        for one in inputs(call)
    )


def turn(loaded):
    for one in loaded["inputs"]:
        data = one.get("data")
        if isinstance(data, list) and data and isinstance(data[0], list):
            one["data"] = [list(column) for column in zip(*data, strict=False)]
            one["data"] = [value for column in one["data"] for value in column]


def zero_or_one(output):
    if output["datatype"] == "BOOL" and "data" in output:
        output["data"] = [int(value) for value in output["data"]]


def shorter(output):
    output["data"] = output["data"][:-1]


def nested_once_more(output):
    output["data"] = [[output["data"]]]


def has_foreign_parameters(call):
    listed = request(call).get("outputs")
    described = [request(call), *inputs(call), *(listed if isinstance(listed, list) else [])]
    return INFER(call) and any(
        "conformance_text" in (one.get("parameters") or {}) for one in described
    )


def rows(call):
    return max([one["shape"][0] for one in inputs(call) if "shape" in one] or [0], key=str)


def detail(answer):
    answer.body = b'{"detail": "wrong on purpose"}'
    return answer


def content_type(code, kind):
    def change(answer):
        if answer.status == code:
            answer.headers["content-type"] = kind

    return change


CORE = {
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
    "shapes-of-answers-are-floats": Fault(
        "infer-answer", outputs(float_shape, binary=False), also={"triton-infer"}),
    "answers-are-text": Fault(
        "infer-content-type", replies(INFER, content_type(200, "text/json"))),
    "other-model-answers": Fault(
        "infer-model-name", body(INFER, put(model_name="other")), also={"kserve-infer"}),
    "other-version-answers": Fault(
        "infer-model-version", body(action("infer", versioned=False), put(model_version="9"))),
    "version-is-ignored": Fault(
        "infer-version", body(action("infer", versioned=True), put(model_version="9"))),
    "anything-is-a-model": Fault(
        "infer-unknown-model", forgive("unknown model", "infer"),
        also={"triton-error", "kserve-error"}),
    "anything-is-a-version": Fault("infer-unknown-version", forgive("unknown version", "infer")),
    "id-lost": Fault("infer-id", body(INFER, put(id=None))),
    "id-made-up": Fault(
        "infer-no-id", body(lambda c: INFER(c) and "id" not in request(c), put(id="made-up"))),
    "an-output-less": Fault(
        "infer-all-outputs",
        requests(lambda c: INFER(c) and "outputs" not in request(c), fewer_outputs),
        also={"model-metadata-outputs"}),
    "selection-ignored": Fault("infer-selected-output", requests(INFER, all_outputs)),
    "outputs-sorted": Fault("infer-outputs-order", body(INFER, sort_outputs)),
    "inputs-by-place": Fault("infer-inputs-order", instead(
        lambda c: is_turned(c) and "data" in inputs(c)[0], error)),
    "nested-refused": Fault("infer-flat-and-nested", instead(is_nested, error)),
    "nested-by-columns": Fault("infer-flat-and-nested", requests(is_nested, turn)),
    "nested-too-deep": Fault("infer-output-length", outputs(nested_once_more, binary=False)),
    "data-cut-short": Fault(
        "infer-output-length", outputs(shorter, binary=False),
        also={"binary-output", "binary-output-mixed", "triton-infer"}),
    "booleans-are-numbers": Fault("infer-output-elements", outputs(zero_or_one)),
    "no-batch-of-three": Fault(
        "infer-batch", instead(lambda c: INFER(c) and rows(c) == 3, error)),
    "foreign-parameters-refused": Fault(
        "infer-parameters", instead(has_foreign_parameters, error)),
    "parameters-are-objects": Fault(
        "infer-answer-parameters", body(INFER, put(parameters={"headers": {}}))),
    "content-type-demanded": Fault(
        "infer-no-content-type",
        instead(lambda c: INFER(c) and "content-type" not in c.headers, lambda: error(415)),
        also={"triton-infer", "triton-error"}),
    "detail-and-no-error": Fault("error-envelope", refusals("bad json", detail)),
    "crash-at-bad-json": Fault("error-4xx", refusals("bad json", crash)),
    "crash-at-no-outputs": Fault(
        "openapi", instead(lambda c: request(c).get("outputs") == [], lambda: error(500))),
}  # fmt: skip

FORGIVEN = {
    f"{kind.replace(' ', '-')}-forgiven": Fault(
        f"error-{kind.replace(' ', '-')}", forgive(kind, "infer"))
    for kind in (
        "bad json", "not an object", "no inputs", "input fields", "missing input", "data shape",
        "shape numbers", "datatype unknown", "element", "unknown output", "datatype mismatch",
        "fixed dimension", "unknown input", "duplicate input",
    )
}  # fmt: skip

CLIENTS = {
    "triton-has-no-health": Fault(
        "triton-health", instead(triton(READY), lambda: error(403))),
    "triton-has-no-metadata": Fault(
        "triton-metadata", instead(triton(METADATA), lambda: error(403))),
    "triton-is-told-otherwise": Fault(
        "triton-error", instead(lambda c: triton(INFER)(c) and "conformance" in c.path, error)),
    "triton-has-no-index": Fault(
        "triton-index", instead(triton(path("POST", "/v2/repository/index")), error)),
    "ready-says-live-alone": Fault("kserve-health", body(READY, put(ready=None))),
    "model-name-refused": Fault(
        "kserve-infer", instead(lambda c: INFER(c) and "model_name" in request(c)
                                and "conformance" not in c.path, error)),
    "errors-with-a-charset": Fault(
        "kserve-error", replies(INFER, content_type(404, "application/json; charset=utf-8"))),
}  # fmt: skip

FAULTS = CORE | FORGIVEN | BINARY | EXTENSIONS | CLIENTS
