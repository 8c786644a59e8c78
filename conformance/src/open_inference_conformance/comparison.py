"""Comparison of two inference responses."""

from open_inference_conformance.response import InferenceResponse
from open_inference_conformance.tensors import same_elements


def difference(response: InferenceResponse, expected: InferenceResponse, *, values: bool) -> str:
    """Return how two responses differ; empty if they do not."""
    if response.outputs.keys() != expected.outputs.keys():
        return f"outputs are {list(response.outputs)} and not {list(expected.outputs)}"
    for name, output in response.outputs.items():
        wanted = expected.outputs[name]
        if (output.shape, output.datatype) != (wanted.shape, wanted.datatype):
            return (
                f"output {name!r} is {output.datatype} {output.shape} "
                f"and not {wanted.datatype} {wanted.shape}"
            )
        if values and not same_elements(wanted.datatype, output.data, wanted.data):
            return f"output {name!r} has {_few(output.data)} and not {_few(wanted.data)}"
    return ""


def _few(data: list[object]) -> str:
    return f"{data[:4]}" if len(data) <= 4 else f"{data[:4]}… ({len(data)})"
