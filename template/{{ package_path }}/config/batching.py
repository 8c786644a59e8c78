"""Settings of micro-batching."""

from pydantic import Field

from .section import Section


class BatchingSettings(Section):
    """How requests that come together are predicted in one call: `BATCHING__MAX_BATCH_SIZE=32`."""

    max_batch_size: int = Field(default=64, ge=1, le=4096)
    """Most inputs in one call of `predict_batch`."""
    max_batch_delay_s: float = Field(default=0, ge=0, le=10)
    """Seconds to wait for more inputs while the model is idle; 0 waits for none, and batches form
    only while the model is busy."""
