"""Settings of the page at `/` on which people try the model."""

from pydantic import Field

from .section import Section


class PlaygroundSettings(Section):
    """The page at `/`: `PLAYGROUND__ENABLED=false` in the environment."""

    enabled: bool = True
    """Whether there is the page; without it, `/` is 404."""
    stylesheet: str | None = Field(default=None, pattern=r"\.css$")
    """A CSS file of yours that changes the page's looks, relative to the project's folder."""
