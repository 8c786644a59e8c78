"""Triton's published client."""

from itertools import product
from urllib.parse import urlsplit

import numpy
import pytest
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

from open_inference_conformance.subject import UNKNOWN
from open_inference_conformance.tensors import flatten, same_elements

CODINGS = (None, "gzip", "deflate")
FORMS = {False: "JSON", True: "bytes", None: "unspecified"}
TYPICAL = {
    (False, False, None, None), (True, None, "gzip", "deflate"), (True, True, "deflate", "gzip"),
}  # fmt: skip
"""Cover each value of each option; `-m "not slow"` leaves the others out."""


def combinations():
    for one in product([False, True], FORMS, CODINGS, CODINGS):
        as_input, as_output, *codings = one
        name = [FORMS[as_input], FORMS[as_output], *(coding or "plain" for coding in codings)]
        marks = [] if one in TYPICAL else [pytest.mark.slow]
        yield pytest.param(*one, id=", ".join(name), marks=marks)


@pytest.fixture(scope="session")
def client(subject):
    parts = urlsplit(subject.url)
    secure = parts.scheme == "https"
    with InferenceServerClient(parts.netloc + parts.path, ssl=secure) as client:
        yield client


@pytest.fixture
def names(subject):
    return {"model_name": subject.model, "model_version": subject.version}


def arrays(example, *, binary):
    """Return the inputs as objects of the client."""
    inputs = []
    for tensor in example.inputs:
        kind = numpy.object_ if tensor.datatype == "BYTES" else triton_to_np_dtype(tensor.datatype)
        array = numpy.array(tensor.data, dtype=kind).reshape(tensor.shape)
        given = InferInput(tensor.name, tensor.shape, tensor.datatype)
        inputs.append(given.set_data_from_numpy(array, binary_data=binary))
    return inputs


def elements(array):
    return [v.decode() if isinstance(v, bytes) else v for v in flatten(array.tolist())]


@pytest.mark.statement("triton-health")
def test_triton_client_finds_server_and_model_ready(subject, client, names):
    subject.exchange = ["tritonclient: is_server_live, is_server_ready, is_model_ready"]
    assert client.is_server_live(), "the server is not live"
    assert client.is_server_ready(), "the server is not ready"
    assert client.is_model_ready(**names), "the model is not ready"
    assert not client.is_model_ready(UNKNOWN), "an unknown model is ready"


@pytest.mark.statement("triton-metadata")
def test_triton_client_reads_metadata(subject, client, names):
    subject.exchange = ["tritonclient: get_server_metadata, get_model_metadata"]
    assert client.get_server_metadata()["extensions"] is not None
    metadata = client.get_model_metadata(**names)
    assert metadata["name"] == subject.model, f"the model's name is {metadata['name']!r}"


@pytest.mark.statement("triton-infer")
@pytest.mark.parametrize(
    ("in_bytes", "out_bytes", "request_coding", "response_coding"), combinations()
)
def test_triton_client_gets_the_response(
    subject, example, client, names, outputs, deterministic,
    in_bytes, out_bytes, request_coding, response_coding,
):  # fmt: skip
    if (in_bytes or out_bytes) and "binary_tensor_data" not in subject.extensions:
        pytest.skip("the server does not claim binary_tensor_data")
    expected = subject.infer(example.body())
    subject.exchange = ["tritonclient: infer (inputs, outputs, coding of request, of response)"]
    requested = [InferRequestedOutput(name, binary_data=bool(out_bytes)) for name in outputs]
    try:
        result = client.infer(
            **names, inputs=arrays(example, binary=in_bytes), request_id="42",
            outputs=None if out_bytes is None else requested,
            request_compression_algorithm=request_coding,
            response_compression_algorithm=response_coding,
        )  # fmt: skip
    except InferenceServerException as exc:
        if exc.status() == "415" and request_coding:
            pytest.skip(f"the server returned 415 to {request_coding}")
        raise
    for name, output in expected.outputs.items():
        array = result.as_numpy(name)
        assert array is not None, f"the client finds no output {name!r}"
        assert list(array.shape) == output.shape, f"{name!r} has the shape {array.shape}"
        if deterministic:
            equal = same_elements(output.datatype, elements(array), output.data)
            assert equal, f"output {name!r} is {elements(array)[:4]} and not {output.data[:4]}"


def check_error(subject, example, client, model, **options):
    """Check that the exception has the server's message to a plain request."""
    message = subject.post_infer(example.body(), path=subject.path("infer", model=model)).json()[
        "error"
    ]
    subject.exchange = [f"tritonclient: infer, unknown model of {len(model)} characters"]
    inputs = arrays(example, binary=False)
    try:
        client.infer(model, inputs, model_version=subject.version, **options)
    except InferenceServerException as exc:
        said = exc.message()
        assert said == message, f"the server says {message[:60]!r}; it raises {said[:120]!r}"
    else:
        raise AssertionError("expected an InferenceServerException; got a response")


@pytest.mark.statement("triton-error")
def test_triton_client_raises_what_the_server_says(subject, example, client):
    check_error(subject, example, client, UNKNOWN)


@pytest.mark.statement("triton-compressed-error")
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_triton_client_reads_errors_when_it_wants_compressed_responses(
    subject, example, client, coding
):
    long = f"{UNKNOWN}-{'x' * 1500}"  # servers do not compress what is short
    check_error(subject, example, client, long, response_compression_algorithm=coding)


@pytest.mark.statement("triton-index")
@pytest.mark.extension("model_repository")
def test_triton_client_reads_the_index(subject, client):
    subject.exchange = ["tritonclient: get_model_repository_index"]
    names = [model["name"] for model in client.get_model_repository_index()]
    assert subject.model in names, f"expected {subject.model!r}; got {names}"
