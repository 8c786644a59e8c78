"""Entry point: `app` for Uvicorn, `main()` for `start-server`.

The only module in which importing does something: it reads the configuration and builds the app.
"""

if not __package__:  # run as a file: `python src/main.py`, or a child process of it
    import sys
    from pathlib import Path

    _folder = Path(__file__).resolve().parent
    sys.path[0] = str(_folder.parent)
    __package__ = _folder.name

import logging
import os
import sys
import threading

import uvicorn

from .app import create_app
from .core.config import load_config, warn_about_ignored_variables
from .core.errors import ConfigError
from .core.logger import configure_logging

logger = logging.getLogger(__package__)


def _give_up(exc: Exception) -> None:
    """End the process, from whichever thread or task; a supervisor sees the exit code."""
    logger.critical("The model cannot be loaded: %s", exc, exc_info=exc)
    logging.shutdown()  # writes what waits to be written
    os._exit(ConfigError.exit_code)


try:
    settings = load_config()
    configure_logging(settings)
    warn_about_ignored_variables()
    app = create_app(settings, on_load_failure=_give_up)
except ConfigError as exc:
    print(exc, file=sys.stderr)  # noqa: T201  (the logger may not be configured yet)
    sys.exit(ConfigError.exit_code)


def main() -> None:
    """Serve the app with Uvicorn until it is told to stop."""
    logger.info("Starting server on %s:%s", settings.api_host, settings.api_port)
    uvicorn.run(
        f"{__package__}.main:app" if settings.debug or app.state.server_options else app,
        host=settings.api_host,
        port=settings.api_port,
        reload=settings.debug,
        **app.state.server_options,
        root_path=settings.root_path,
        forwarded_allow_ips=settings.trusted_proxies,
        log_config=None,  # Uvicorn's own lines go through the service's formatter
        server_header=False,
    )
    if any(thread.name.startswith("predict") for thread in threading.enumerate()):
        logging.shutdown()
        os._exit(0)  # a call of the model that hangs would keep the interpreter from ending


if __name__ == "__main__":
    main()
