"""Write a perceptron 784-2048-2048-10 with ReLU and seeded random weights to the path given."""

import sys
from itertools import pairwise

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

SEED, SIZES = 0, (784, 2048, 2048, 10)


def main() -> None:
    """Build the graph layer by layer and write it."""
    rng = numpy.random.default_rng(SEED)
    weights, nodes, name = [], [], "x"
    for layer, (rows, columns) in enumerate(pairwise(SIZES)):
        matrix = rng.standard_normal((rows, columns)) * numpy.sqrt(2 / rows)
        weights.append(numpy_helper.from_array(matrix.astype(numpy.float32), f"w{layer}"))
        weights.append(numpy_helper.from_array(numpy.zeros(columns, numpy.float32), f"b{layer}"))
        nodes.append(helper.make_node("Gemm", [name, f"w{layer}", f"b{layer}"], [f"g{layer}"]))
        name = f"g{layer}"
        if layer < len(SIZES) - 2:
            nodes.append(helper.make_node("Relu", [name], [f"r{layer}"]))
            name = f"r{layer}"
    take = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", SIZES[0]])
    give = helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", SIZES[-1]])
    graph = helper.make_graph(nodes, "mlp", [take], [give], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, sys.argv[1])


if __name__ == "__main__":
    main()
