"""Settings of the model's processes."""

from pydantic import Field

from .base import Section


class ProcessesSettings(Section):
    """Processes of the model's own: `MODEL__PROCESSES__COUNT=2` in the environment."""

    count: int = Field(default=0, ge=0, le=64)
    """Processes that load the model, each with one call at a time; 0: it runs in the process that
    serves. With `hardening.workers`, each worker has this number."""
