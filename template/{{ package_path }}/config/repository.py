"""Settings of loading, replacing and unloading models while the service runs."""

from typing import Literal

from pydantic import Field

from .base import Section


class RepositorySettings(Section):
    """Models are replaced while the service runs: `REPOSITORY__CONTROL=explicit`."""

    control: Literal["none", "explicit"] = "none"
    """`explicit` lets every client load and unload models at `/v2/repository/models/…`: what is
    configured, nothing else. Protect the routes, or keep `none`."""
    poll_s: float = Field(default=0, ge=0, le=86_400)
    """Seconds between checks of artifacts without `sha256`; 0 turns them off."""
    drain_s: float = Field(default=30, ge=0, le=3600)
    """Seconds after which a warning names a replaced version that is still in use. It is unloaded
    as soon as nothing uses it."""
