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
    """Seconds between looks whether an artifact without `sha256` has other bytes; 0 never looks."""
    drain_s: float = Field(default=30, ge=0, le=3600)
    """Seconds that the requests of a version which is replaced may take to end; a version that is
    still in use then stays in memory."""
