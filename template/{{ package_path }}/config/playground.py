"""Settings of the page at `/` to try the model."""

from pydantic import Field

from .base import Section


class PlaygroundSettings(Section):
    """The page at `/`: `PLAYGROUND__ENABLED=false` in the environment."""

    enabled: bool = True
    """Whether to serve the page; without it, `/` is 404."""
    stylesheet: str | None = Field(default=None, pattern=r"\.css$")
    """Your CSS file for the page, relative to the project's folder."""
