"""Write a network that classifies pictures of 64 x 64 by their colours to the path given.

Convolution, ReLU, mean over the picture, linear layer; seeded random weights.
"""

import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

SEED, FILTERS, CLASSES = 0, 32, 100


def main() -> None:
    """Build the graph and write it."""
    rng = numpy.random.default_rng(SEED)
    shapes = {"k": (FILTERS, 3, 3, 3), "w": (FILTERS, CLASSES)}
    weights = [
        numpy_helper.from_array(rng.standard_normal(shape).astype(numpy.float32), name)
        for name, shape in shapes.items()
    ]
    nodes = [
        helper.make_node("Conv", ["x", "k"], ["c"], strides=[2, 2]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["m"]),
        helper.make_node("Flatten", ["m"], ["f"]),
        helper.make_node("Gemm", ["f", "w"], ["y"]),
    ]
    take = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 64, 64])
    give = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", CLASSES])
    graph = helper.make_graph(nodes, "colours", [take], [give], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, sys.argv[1])


if __name__ == "__main__":
    main()
