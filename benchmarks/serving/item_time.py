"""Seconds per item of the rendered service's ONNX model in batches of 64, without a server.

Run in a rendered project by the Python of its environment; inputs come as JSON.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from statistics import median

BATCH, CALLS = 64, 20


def main() -> None:
    """Load the model, call it, print the median."""
    sys.path.insert(0, str(Path.cwd()))
    model = import_module("src.models.onnx_mlp_model").OnnxMlpModel()
    model.load()
    inputs = json.load(sys.stdin)[:BATCH]
    model.predict_batch(inputs)
    seconds = []
    for _ in range(CALLS):
        began = time.perf_counter()
        model.predict_batch(inputs)
        seconds.append(time.perf_counter() - began)
    print(median(seconds) / BATCH)


if __name__ == "__main__":
    main()
