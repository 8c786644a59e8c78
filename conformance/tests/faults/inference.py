"""Faults of inference in JSON and of its errors."""

from faults.faulty_servers import (
    Fault,
    action,
    body,
    crash,
    error,
    forgive,
    instead,
    outputs,
    put,
    rejections,
    replies,
    request,
    requests,
)
from reference.models import ECHO

INFER = action("infer")


def float_shape(tensor):
    tensor["shape"] = [float(n) for n in tensor["shape"]]


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


def detail(response):
    response.body = b'{"detail": "wrong on purpose"}'
    return response


def content_type(code, kind):
    def change(response):
        if response.status == code:
            response.headers["content-type"] = kind

    return change


INFERENCE = {
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
        also={"triton-error", "triton-compressed-error", "kserve-error"}),
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
        also={"triton-infer", "triton-error", "triton-compressed-error"}),
    "detail-and-no-error": Fault("error-envelope", rejections("bad json", detail)),
    "crash-at-bad-json": Fault("error-4xx", rejections("bad json", crash)),
    "crash-at-no-outputs": Fault(
        "openapi", instead(lambda c: request(c).get("outputs") == [], lambda: error(500))),
    **{
        f"{kind.replace(' ', '-')}-forgiven": Fault(
            f"error-{kind.replace(' ', '-')}", forgive(kind, "infer"))
        for kind in (
            "bad json", "not an object", "no inputs", "input fields", "missing input", "data shape",
            "shape numbers", "datatype unknown", "element", "unknown output", "datatype mismatch",
            "fixed dimension", "unknown input", "duplicate input",
        )
    },
}  # fmt: skip
