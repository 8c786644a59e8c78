"""A multilayer perceptron, of ONNX Runtime."""

import os
from typing import Annotated, ClassVar

import numpy as np
import onnxruntime
from pydantic import Field

from .base import Model

SIZE = 784
Features = Annotated[list[float], Field(min_length=SIZE, max_length=SIZE)]


class OnnxMlpModel(Model):
    """A classifier of 784 numbers."""

    model_name: ClassVar[str] = "onnx_mlp"
    version: ClassVar[str] = "1.0.0"
    example: ClassVar[list[float]] = [0.0] * SIZE

    def load(self) -> None:
        """Open the file, for inference in one thread."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.environ["BENCH_ARTIFACT"], options, providers=["CPUExecutionProvider"]
        )

    def predict(self, input_data: Features) -> int:
        """Classify one item."""
        return self.predict_batch([input_data])[0]

    def predict_batch(self, inputs: list[Features]) -> list[int]:
        """Classify several items in one call."""
        [scores] = self.session.run(None, {"x": np.asarray(inputs, dtype=np.float32)})
        return list(scores.argmax(axis=1).tolist())
