"""The same input is the same by every route, and the same output in every form."""

import json
import struct

import pytest

from .cases import HEAD

INFER = "/v2/models/echo/infer"
LENGTH = "inference-header-content-length"
JSON = {"content-type": "application/json"}
RAW = b"\xff\xfe\x00abc"
BASE64 = "//4AYWJj"
CLASS = "class T(BaseModel):\n    image: {kind}\n    name: str = 'x'\nexample = T(image={value})\n"
KINDS = {"bytes": "b'a'", "Base64Bytes": "b'YQ=='", "Annotated[bytes, Len(1, 99)]": "b'a'"}


def source_of(kind, *, in_field):
    body = CLASS.format(kind=kind, value=KINDS[kind]) if in_field else f"T = {kind}\nexample = b'a'"
    told = "input_data.image" if in_field else "input_data"
    return f"{HEAD}\n{body}\nO = str\ndef result_of(input_data): return {told}.hex()\n"


def tensor(name, data, **parameters):
    described = {"name": name, "datatype": "BYTES", "shape": [1], "data": [data]}
    return described | ({"parameters": parameters} if parameters else {})


def as_json(*inputs, **more):
    return INFER, json.dumps({"inputs": inputs, **more}).encode(), JSON


def as_binary(name, content):
    described = {"name": name, "datatype": "BYTES", "shape": [1]}
    described["parameters"] = {"binary_data_size": 4 + len(content)}
    header = json.dumps({"inputs": [described]}).encode()
    body = header + struct.pack("<I", len(content)) + content
    return INFER, body, {LENGTH: str(len(header))}


@pytest.mark.parametrize("in_field", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_bytes_are_the_same_by_every_route(serve, kind, in_field):
    name = "image" if in_field else "input"
    urlsafe = BASE64.replace("/", "_").replace("+", "-")
    wrap = (lambda value: {"image": value}) if in_field else (lambda value: value)
    requests = {
        "predict": ("/predict", json.dumps({"input": wrap(BASE64)}).encode(), JSON),
        "other alphabet": ("/predict", json.dumps({"input": wrap(urlsafe)}).encode(), JSON),
        "no short way": ("/predict?x=1", json.dumps({"input": wrap(BASE64)}).encode(), JSON),
        "batch": ("/predict/batch", json.dumps({"inputs": [wrap(BASE64)]}).encode(), JSON),
        "base64": as_json(tensor(name, BASE64, content_type="base64")),
        "binary": as_binary(name, RAW),
    }
    sent = serve(source_of(kind, in_field=in_field), requests)["sent"]
    for told, (status, _, content) in sent.items():
        assert (status, RAW.hex() in content) == (200, True), (told, content)


def test_text_that_is_not_base64_is_refused(serve):
    requests = {
        "predict": ("/predict", b'{"input": "not base64!"}', JSON),
        "tensor": as_json(tensor("input", "not base64!", content_type="base64")),
    }
    sent = serve(source_of("bytes", in_field=False), requests)["sent"]
    assert [status for status, *_ in sent.values()] == [422, 400]
    assert all("base64" in content for _, _, content in sent.values())


def test_bytes_that_come_out_are_the_same_in_every_form(serve):
    source = f"{HEAD}\nT = str\nO = bytes\nexample = 'a'\nresult = {RAW!r}\n"
    sent = serve(
        source,
        {
            "predict": ("/predict", b'{"input": "a"}', JSON),
            "json": as_json(tensor("input", "a")),
            "binary": as_json(tensor("input", "a"), parameters={"binary_data_output": True}),
        },
    )["sent"]
    assert json.loads(sent["predict"][2]) == {"prediction": BASE64}
    (output,) = json.loads(sent["json"][2])["outputs"]
    assert output["parameters"] == {"content_type": "base64"}
    assert output["data"] == [BASE64]
    raw = sent["binary"][2].encode("utf-8", "surrogateescape")
    assert raw.endswith(struct.pack("<I", len(RAW)) + RAW)


TEXT = f"{HEAD}\nT = str\nexample = 'a'\n"


@pytest.mark.parametrize(
    ("place", "parameters", "status"),
    [
        (place, {name: value}, 400)
        for place in ("request", "input", "output")
        for name, value in [
            ("classification", 2),
            ("sequence_id", 7),
            ("sequence_start", True),
            ("shared_memory_region", "a"),
            ("shared_memory_offset", 0),
            ("content_type", "hg_json"),
            ("content_type", 7),
            ("binary_data_output", "true"),
            ("binary_data", 1),
        ]
    ]
    + [
        (place, {name: value}, 200)
        for place in ("request", "input", "output")
        for name, value in [
            ("priority", 1),
            ("timeout", 1000),
            ("headers", {"a": "b"}),
            ("content_type", "str"),
            ("unknown", 1),
        ]
    ],
)
def test_parameter_that_would_change_the_meaning_is_refused(serve, place, parameters, status):
    described = tensor("input", "a")
    request = {"inputs": [described], "outputs": [{"name": "prediction"}]}
    target = {"request": request, "input": described, "output": request["outputs"][0]}[place]
    target["parameters"] = parameters
    body = json.dumps(request).encode()
    assert serve(TEXT, {"it": (INFER, body, JSON)})["sent"]["it"][0] == status


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", "2**70"),
        ("int", "-2**63 - 1"),
        ("list[int]", "[1, 2**70]"),
        ("float", "1e300"),
        ("list[float]", "[1.0, -1e39]"),
    ],
)
def test_output_that_does_not_fit_its_datatype_is_refused_in_both_forms(serve, kind, value):
    source = f"{HEAD}\nT = str\nO = {kind}\nexample = 'a'\nresult = {value}\n"
    requests = {
        "json": as_json(tensor("input", "a")),
        "binary": as_json(tensor("input", "a"), parameters={"binary_data_output": True}),
    }
    sent = serve(source, requests)["sent"]
    assert [status for status, *_ in sent.values()] == [500, 500]
    assert all("prediction does not fit" in content for _, _, content in sent.values())


@pytest.mark.parametrize(
    ("kind", "datatype", "value", "status"),
    [
        ("float", "FP32", 1e300, 400),
        ("float", "FP16", 70000, 400),
        ("float", "FP64", 1e300, 200),
        ("float", "FP32", 3.4028234e38, 200),
        ("int", "INT64", 2**70, 400),
    ],
)
def test_input_in_json_fits_its_datatype_as_in_binary_form(serve, kind, datatype, value, status):
    described = {"name": "input", "datatype": datatype, "shape": [1], "data": [value]}
    source = f"{HEAD}\nT = {kind}\nO = str\nexample = 1\nresult = 'a'\n"
    assert serve(source, {"it": as_json(described)})["sent"]["it"][0] == status
