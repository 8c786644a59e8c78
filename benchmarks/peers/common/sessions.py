"""Open a network of ONNX Runtime; every peer runs it in the same way."""

import os
from typing import Any


def open_session() -> Any:
    """Open the file that `BENCH_ARTIFACT` names, on one thread of the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    path = os.environ["BENCH_ARTIFACT"]
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
