"""Models of PyTorch: a network of yours with weights from a file, or a program that is the file.

model.py      the base class: load, run on a device, unload
weights.py    weights from safetensors and checkpoints, without running code of the file
programs.py   `torch.export` and TorchScript, which need consent
batches.py    inputs of different lengths in one tensor
"""

from .batches import pad
from .model import TorchModel

__all__ = ["TorchModel", "pad"]
