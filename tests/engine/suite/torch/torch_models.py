"""Models of PyTorch for tests, and files for them."""

from typing import Any, ClassVar

import torch
from safetensors.torch import save_file
from torch import nn

from src.config.settings import Settings
from src.core.config import read_options
from src.models.torch_backend import TorchModel, pad


class Net(nn.Module):
    """The sum of a row, by a layer whose weights are ones, and its mean over the mask."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1, bias=False)

    def forward(self, rows: Any, mask: Any) -> Any:
        values = self.layer(rows.unsqueeze(2)).squeeze(2) * mask
        return {"sum": values.sum(1), "parts": (mask.sum(1), [values])}


class SumModel(TorchModel):
    """Return the triple of the sum of numbers."""

    model_name: ClassVar[str] = "sums"
    version: ClassVar[str] = "1.0.0"
    example: ClassVar[list[float]] = [1, 2]

    def build(self) -> nn.Module:
        return Net()

    def predict(self, input_data: list[float]) -> float:
        return self.predict_batch([input_data])[0]

    def predict_batch(self, inputs: list[list[float]]) -> list[float]:
        output = self.run(*pad(inputs, torch.float32))
        assert output["parts"][0].tolist() == [len(row) for row in inputs]
        return [float(value) for value in output["sum"]]


class RowModel(TorchModel):
    """Return the triple of each number, by a program that is the artifact."""

    model_name: ClassVar[str] = "rows"
    version: ClassVar[str] = "1.0.0"

    def predict(self, input_data: list[float]) -> list[float]:
        return [float(value) for value in self.run(torch.tensor([input_data]))[0]]


WEIGHTS = {"layer.weight": torch.full((1, 1), 3.0)}


def loaded(path, kind=SumModel, **options):
    """Return a model that has loaded a file, as the service does."""
    model = kind()
    model.artifact = path
    model.options = read_options(
        Settings.model_validate({"model": {"options": options}}), kind.Options
    )
    model.load()
    return model


def write(path, content=None):
    """Write weights, or other content, as the suffix of the file says."""
    weights = WEIGHTS if content is None else content
    if path.suffix == ".safetensors":
        save_file(weights, path, {"unit": "EUR"})
    else:
        torch.save(weights, path)
    return path
