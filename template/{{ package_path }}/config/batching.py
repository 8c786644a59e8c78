"""Settings of micro-batching."""

from pydantic import Field

from .base import Section


class BatchingSettings(Section):
    """Predict for concurrent requests in one call: `BATCHING__MAX_BATCH_SIZE=32`."""

    max_batch_size: int = Field(default=64, ge=1, le=4096)
    """Most inputs in one call of `predict_batch`."""
    max_batch_delay_s: float = Field(default=0, ge=0, le=10)
    """Seconds to wait for more inputs while the model is idle; with 0, batches form only while the
    model is busy."""
