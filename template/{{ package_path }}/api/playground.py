"""A page at `/` to try the model in a browser: `playground.html`."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Header, Response

from ..config.settings import Settings
from ..core.errors import ConfigError
from ..core.metadata import PROJECT_DIR

PAGE = Path(__file__).with_suffix(".html")
# Text that identifies the lines of optional links.
STYLESHEET_LINE, METRICS_LINE = 'href: "playground.css"', 'href="metrics"'


def install(app: FastAPI, settings: Settings) -> None:
    """Serve the page and the user's stylesheet, each from memory.

    Raises:
        ConfigError: The stylesheet cannot be read.
    """
    if not settings.playground.enabled:
        return
    page = PAGE.read_text("utf-8")
    if settings.playground.stylesheet:
        styles = _read(PROJECT_DIR / settings.playground.stylesheet)
        _serve(app, "/playground.css", styles, "text/css")
    else:
        page = _without(page, STYLESHEET_LINE)
    if not any(getattr(route, "path", None) == "/metrics" for route in app.routes):
        page = _without(page, METRICS_LINE)
    _serve(app, "/", page, "text/html")


def _without(page: str, mark: str) -> str:
    return "".join(line for line in page.splitlines(keepends=True) if mark not in line)


def _read(stylesheet: Path) -> str:
    try:
        return stylesheet.read_text("utf-8")
    except (OSError, ValueError) as exc:
        problem = f"cannot read {stylesheet}: {getattr(exc, 'strerror', exc)}"
        raise ConfigError(f"Configuration error:\n  playground.stylesheet: {problem}") from exc


def _serve(app: FastAPI, path: str, content: str, media_type: str) -> None:
    # Browsers cache it, and revalidate it each time.
    tag = f'"{sha256(content.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}

    @app.get(path, include_in_schema=False)
    async def serve(if_none_match: Annotated[str, Header()] = "") -> Response:
        if tag in if_none_match:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=media_type, headers=headers)
