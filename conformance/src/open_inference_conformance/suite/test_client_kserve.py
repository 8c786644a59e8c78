"""KServe's published client."""

import asyncio

import httpx
import numpy
import pytest
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.utils.numpy_codec import to_np_dtype

from open_inference_conformance.subject import UNKNOWN
from open_inference_conformance.tensors import flatten, same_elements


@pytest.fixture
def call(subject):
    """Return a function that calls a method of the client."""

    secure = subject.url.startswith("https")  # reading certificates takes its time

    def run(method, *args, **kwargs):
        async def use():
            async with InferenceRESTClient(RESTConfig(protocol="v2", verify=secure)) as client:
                return await getattr(client, method)(subject.url, *args, **kwargs)

        subject.exchange = [f"kserve: {method}"]
        return asyncio.run(use())

    return run


def infer_request(example, model, *, binary):
    inputs = []
    for tensor in example.inputs:
        kind = numpy.object_ if tensor.datatype == "BYTES" else to_np_dtype(tensor.datatype)
        array = numpy.array(tensor.data, dtype=kind).reshape(tensor.shape)
        given = InferInput(tensor.name, tensor.shape, tensor.datatype)
        given.set_data_from_numpy(array, binary_data=binary)
        inputs.append(given)
    return InferRequest(model, inputs)


@pytest.mark.statement("kserve-health")
def test_kserve_client_finds_server_and_model_ready(subject, call):
    assert call("is_server_live") is True, "the server is not live"
    assert call("is_server_ready") is True, "the server is not ready"
    assert call("is_model_ready", subject.model) is True, "the model is not ready"
    assert call("is_model_ready", UNKNOWN) is False, "an unknown model is ready"


@pytest.mark.statement("kserve-infer")
@pytest.mark.parametrize("binary", [False, True], ids=["JSON", "bytes"])
def test_kserve_client_gets_the_response(subject, example, call, deterministic, binary):
    if subject.version:
        pytest.skip("the client names no version")  # another one may respond
    if binary and "binary_tensor_data" not in subject.extensions:
        pytest.skip("the server does not claim binary_tensor_data")
    if not binary and any(tensor.datatype == "FP16" for tensor in example.inputs):
        pytest.skip("the client sends no FP16 in JSON")
    expected = subject.infer(example.body())
    result = call("infer", infer_request(example, subject.model, binary=binary), subject.model)
    assert result.model_name == subject.model, f"the client reads model {result.model_name!r}"
    got = {output.name: output for output in result.outputs}
    assert got.keys() == expected.outputs.keys(), f"the client reads outputs {list(got)}"
    for name, output in expected.outputs.items():
        equal = same_elements(output.datatype, flatten(got[name].data), output.data)
        assert equal or not deterministic, f"output {name!r} differs: {got[name].data}"


@pytest.mark.statement("kserve-error")
def test_kserve_client_raises_what_the_server_says(subject, example, call):
    message = subject.post_infer(example.body(), path=subject.path("infer", model=UNKNOWN)).json()[
        "error"
    ]
    request = infer_request(example, UNKNOWN, binary="FP16" in {t.datatype for t in example.inputs})
    try:
        call("infer", request, UNKNOWN)
    except httpx.HTTPStatusError as exc:
        said = str(exc)
        assert message in said, f"the server says {message!r}; it raises {said!r}"
    else:
        raise AssertionError("expected an HTTPStatusError; got a response")
