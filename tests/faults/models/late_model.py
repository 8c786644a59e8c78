"""A model whose import ends once there is a file, or fails if that has words."""

import os
import time
from pathlib import Path
from typing import ClassVar

from .base import Model

END = Path(os.environ.get("LATE_END", os.devnull))
print("begin to import", flush=True)
while not END.exists():
    time.sleep(0.01)
if END.is_file() and (words := END.read_text()):
    raise OSError(words)


class Late(Model):
    """An echo."""

    model_name: ClassVar[str] = "late"
    version: ClassVar[str] = "1"
    example: ClassVar[str] = "x"

    def predict(self, input_data: str) -> str:
        """Return the input."""
        return input_data
