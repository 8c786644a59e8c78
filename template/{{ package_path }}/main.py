"""Entry point: `app` for Uvicorn, `main()` for `start-server`.

The only module with side effects on import: it reads the configuration and builds the app.
"""

if not __package__:  # run as a file: `python src/main.py`, or a child process of it
    import sys
    from pathlib import Path

    _folder = Path(__file__).resolve().parent
    sys.path[0] = str(_folder.parent)
    __package__ = _folder.name

import asyncio
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
    """End the process from any thread or task, with an exit code that a supervisor sees."""
    explained = isinstance(exc, ConfigError)
    logger.critical("The model cannot be loaded: %s", exc, exc_info=None if explained else exc)
    logging.shutdown()  # writes pending lines
    os._exit(ConfigError.exit_code)


try:
    settings = load_config()
    configure_logging(settings)
    warn_about_ignored_variables()
    app = create_app(settings, on_load_failure=_give_up)
except ConfigError as exc:
    print(exc, file=sys.stderr)  # noqa: T201  (the logger may not be configured yet)
    sys.exit(ConfigError.exit_code)


def _check_address(host: str, port: int) -> None:
    """Exit if Uvicorn cannot listen on the address; its own error would not name the setting."""

    async def listen() -> None:
        loop = asyncio.get_running_loop()
        (await loop.create_server(asyncio.Protocol, host, port, start_serving=False)).close()

    try:
        asyncio.run(listen())
    except (OSError, ValueError) as exc:  # a ValueError: not a valid host name
        at = f"api_host {host}, api_port {port}: cannot listen on this address: {exc}"
        advice = "API_HOST must be an address of this machine, API_PORT a free port"
        logger.error("%s; %s", at, advice)  # noqa: TRY400
        logging.shutdown()
        sys.exit(ConfigError.exit_code)


def main() -> None:
    """Serve the app with Uvicorn until the process is asked to stop."""
    logger.info("Starting server on %s:%s", settings.api_host, settings.api_port)
    _check_address(settings.api_host, settings.api_port)
    options = {"workers": 1, **app.state.server_options}  # ignore WEB_CONCURRENCY
    uvicorn.run(
        f"{__package__}.main:app" if settings.debug or app.state.server_options else app,
        host=settings.api_host,
        port=settings.api_port,
        reload=settings.debug,
        **options,
        root_path=settings.root_path,
        forwarded_allow_ips=settings.trusted_proxies,
        log_config=None,  # Uvicorn's own lines go through the service's formatter
        server_header=False,
    )
    if any(thread.name.startswith("predict") for thread in threading.enumerate()):
        logging.shutdown()
        os._exit(0)  # a model call that hangs would keep the interpreter from exiting


if __name__ == "__main__":
    main()
