"""Fit the price model, write its graph, and print its predictions for two flats."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ARTIFACT = Path(__file__).parents[1] / "artifacts" / "price.onnx"

rows = np.random.default_rng(0).uniform([1, 20, 1900, 0], [6, 200, 2020, 9], (200, 4))
prices = rows @ [10_000, 1_500, 20, 500]
weights = np.linalg.lstsq(rows, prices, rcond=None)[0].astype(np.float32).reshape(4, 1)
info = helper.make_tensor_value_info
graph = helper.make_graph(
    [helper.make_node("MatMul", ["flats", "weights"], ["prices"])],
    "price",
    [info("flats", TensorProto.FLOAT, ["n", 4])],
    [info("prices", TensorProto.FLOAT, ["n", 1])],
    [numpy_helper.from_array(weights, "weights")],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
ARTIFACT.parent.mkdir(exist_ok=True)
onnx.save(model, ARTIFACT)
flats = np.array([[3, 85, 1998, 2], [5, 180, 2015, 1]], np.float32)
print(*(flats @ weights)[:, 0].tolist())
