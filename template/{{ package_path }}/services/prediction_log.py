"""The log lines of predictions."""

import logging
import reprlib

logger = logging.getLogger(__name__)

SHOWN = 50  # characters of an input or result


class PredictionLog:
    """Writes lines that tell the model and its version, and show values cut or not at all."""

    def __init__(self, model: str, *, show_values: bool) -> None:
        self._model = model
        self._show_values = show_values

    def result(self, prediction: object, ms: float) -> None:
        """Log what was predicted, in how many milliseconds."""
        self.line(logging.INFO, "Prediction result: %s", prediction, ms=ms)

    def line(self, level: int, message: str, value: object, **fields: object) -> None:
        """Log a line about a value; about an exception that is an error, with its traceback."""
        if logger.isEnabledFor(level):
            # A traceback ends with the message, which may quote the input.
            trace = self._show_values and level == logging.ERROR and isinstance(value, Exception)
            shown = _shown(value) if self._show_values else f"({type(value).__name__}, not shown)"
            logger.log(
                level, message, shown, exc_info=trace, extra={"model": self._model, **fields}
            )


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value[:SHOWN]
    return (repr(value) if isinstance(value, Exception) else reprlib.repr(value))[:SHOWN]
