"""Settings of recordings."""

from pydantic import Field

from .base import Section


class RecordingSettings(Section):
    """Predictions are recorded in files: `RECORDING__SAMPLE=0.01` in the environment."""

    sample: float = Field(default=0, ge=0, le=1)
    """Share of the predictions that are recorded, with input and output; 0 records none."""
    path: str = Field(default="recordings", min_length=1)
    """Folder for the files, relative to the project's folder."""
    max_value_bytes: int = Field(default=20_000, ge=1, le=10_000_000)
    """Largest input or output in a record, as JSON; of a larger one, the size is recorded."""
    max_file_bytes: int = Field(default=100_000_000, ge=1, le=100_000_000_000)
    """Size at which the next file begins."""
    max_files: int = Field(default=10, ge=1, le=10_000)
    """Files in the folder; beyond that, the oldest are deleted."""
    max_waiting: int = Field(default=1000, ge=1, le=1_000_000)
    """Records that may wait to be written; more are dropped, and counted."""
    redact: str | None = Field(default=None, pattern=r"^\w+:\w+$")
    """Your function that changes records or leaves them out, as `module:function`; the module is in
    `services/`."""
