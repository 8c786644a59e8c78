"""A model whose module takes its time to be imported, as one of a large framework does."""

import time
from typing import ClassVar

from ..config.base import Section
from .base import Model

time.sleep(5)  # so that the signal comes first on a busy machine, too


class SlowImport(Model):
    """Return an option."""

    class Options(Section):
        """Options of the model."""

        text: str = ""
        """Each prediction."""

    model_name: ClassVar[str] = "slow_import"
    version: ClassVar[str] = "1"

    def predict(self, input_data: str) -> str:
        """Return the option, or the text."""
        return self.options.text or input_data
