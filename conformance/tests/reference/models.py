"""Models of the reference server; tensors are `{name: (datatype, shape, data)}`."""

from dataclasses import dataclass

DATATYPES = "BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 FP32 FP64 BYTES".split()


@dataclass(frozen=True)
class Model:
    """A model: its metadata and its function."""

    name: str
    inputs: dict[str, tuple[str, list[int]]]
    outputs: dict[str, tuple[str, list[int]]]
    predict: object
    versions: tuple[str, ...] = ()


def _sentiment(tensors):
    _, shape, texts = tensors["input"]
    return {"prediction": ("BYTES", shape, ["bad" if "bad" in t else "good" for t in texts])}


def _numbers(tensors):
    _, [rows, columns], data = tensors["input"]
    sums = [sum(data[i * columns : (i + 1) * columns]) for i in range(rows)]
    weighted = [
        sum(v * (j + 1) for j, v in enumerate(data[i * columns : (i + 1) * columns]))
        for i in range(rows)
    ]
    return {
        "weighted": ("FP32", [rows], weighted),
        "positive": ("BOOL", [rows], [value > 1 for value in sums]),
    }


def _scaled(tensors):
    [factor] = tensors["factor"][2]
    return {"total": ("FP64", [], [sum(tensors["image"][2]) * factor])}


def _echo(tensors):
    return {f"{name}_out": tensor for name, tensor in tensors.items()}


ECHO = {f"in_{datatype.lower()}": (datatype, [-1, 2]) for datatype in DATATYPES}
MODELS = {
    model.name: model
    for model in (
        Model("text", {"input": ("BYTES", [-1])}, {"prediction": ("BYTES", [-1])}, _sentiment,
              ("1.0.0", "2")),
        Model("numbers", {"input": ("FP32", [-1, 4])},
              {"weighted": ("FP32", [-1]), "positive": ("BOOL", [-1])}, _numbers, ("1.0.0",)),
        Model("echo", ECHO, {f"{name}_out": tensor for name, tensor in ECHO.items()}, _echo,
              ("1.0.0",)),
        Model("fixed", {"image": ("UINT8", [1, 2, 3]), "factor": ("INT16", [])},
              {"total": ("FP64", [])}, _scaled, ("1.0.0",)),
        Model("plain", {"input": ("BYTES", [-1])}, {"prediction": ("BYTES", [-1])}, _sentiment),
    )
}  # fmt: skip
