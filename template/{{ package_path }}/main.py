"""Entry point: `app` for Uvicorn, `main()` for `start-server`.

The only module with side effects on import: it reads the configuration. The app is built when
`app` is asked for: that imports the model's module, which may take long.
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
from functools import cache
from socket import socket
from typing import Any, NoReturn

import uvicorn
from fastapi import FastAPI

from .app import create_app, server_options
from .core.config import load_config, warn_about_ignored_variables
from .core.errors import ConfigError
from .core.importing import import_own
from .core.logger import configure_logging

logger = logging.getLogger(__package__)

app: FastAPI  # see `__getattr__`


def _give_up(exc: Exception) -> None:
    """End the process from any thread or task, with an exit code that a supervisor sees."""
    explained = isinstance(exc, ConfigError)
    logger.critical("The model cannot be loaded: %s", exc, exc_info=None if explained else exc)
    logging.shutdown()  # writes pending lines
    os._exit(ConfigError.exit_code)


def _exit(exc: ConfigError) -> NoReturn:
    """End the start with one message."""
    print(exc, file=sys.stderr)  # noqa: T201  (the logger may not be configured yet)
    sys.exit(ConfigError.exit_code)


try:
    settings = load_config()
    configure_logging(settings)
    warn_about_ignored_variables()
except ConfigError as error:
    _exit(error)


@cache
def build() -> FastAPI:
    """Build the app, once.

    Raises:
        ConfigError: As in `create_app`.
    """
    return create_app(settings, on_load_failure=_give_up)


def __getattr__(name: str) -> FastAPI:
    """Return `app`, complete, to whatever asks for it: a server, a test, code of yours."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return build()
    except ConfigError as exc:
        _exit(exc)


def _bind(host: str, port: int) -> list[socket]:
    """Return sockets of the address; exit if there are none: Uvicorn would not name the setting."""

    async def bind() -> list[socket]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(asyncio.Protocol, host, port, start_serving=False)
        sockets = [sock.dup() for sock in server.sockets]
        server.close()
        return sockets

    try:
        return asyncio.run(bind())
    except (OSError, ValueError) as exc:  # a ValueError: not a valid host name
        at = f"api_host {host}, api_port {port}: cannot listen on this address: {exc}"
        advice = "API_HOST must be an address of this machine, API_PORT a free port"
        logger.error("%s; %s", at, advice)  # noqa: TRY400
        logging.shutdown()
        sys.exit(ConfigError.exit_code)


def _serve(sockets: list[socket], options: dict[str, Any]) -> None:
    startup: Any = import_own(f"{__package__}.serving.startup")
    more = server_options(settings)
    if not (settings.debug or more):
        host = f"[{settings.api_host}]" if ":" in settings.api_host else settings.api_host
        port = sockets[0].getsockname()[1]
        with startup.responding(sockets, settings):
            logger.info("Uvicorn running on http://%s:%s (Press CTRL+C to quit)", host, port)
            more = build().state.server_options  # if your modules set any
    if not (settings.debug or more):
        uvicorn.Server(uvicorn.Config(build(), **options)).run(sockets)
        return
    startup.stop()
    for sock in sockets:
        sock.close()
    uvicorn.run(f"{__package__}.main:app", reload=settings.debug, **{**options, **more})


def main() -> None:
    """Serve the app with Uvicorn until the process is asked to stop."""
    logger.info("Starting server on %s:%s", settings.api_host, settings.api_port)
    options = {
        "host": settings.api_host,
        "port": settings.api_port,
        "workers": 1,  # ignore WEB_CONCURRENCY
        "root_path": settings.root_path,
        "forwarded_allow_ips": settings.trusted_proxies,
        "log_config": None,  # Uvicorn's own lines go through the service's formatter
        "server_header": False,
    }
    try:
        _serve(_bind(settings.api_host, settings.api_port), options)
    except ConfigError as exc:
        _exit(exc)
    except KeyboardInterrupt:
        pass
    if any(thread.name.startswith("predict") for thread in threading.enumerate()):
        logging.shutdown()
        os._exit(0)  # a model call that hangs would keep the interpreter from exiting


if __name__ == "__main__":
    main()
