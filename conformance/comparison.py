"""Two answers beside each other."""

from conformance.answer import Answer
from conformance.tensors import same_elements


def difference(answer: Answer, expected: Answer, *, values: bool) -> str:
    """Say in which output two answers differ; empty if in none."""
    if answer.outputs.keys() != expected.outputs.keys():
        return f"outputs are {list(answer.outputs)} and not {list(expected.outputs)}"
    for name, output in answer.outputs.items():
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
