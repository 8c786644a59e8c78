"""Importing what was added to the service by adding a file."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from .errors import ConfigError


def import_own(module: str) -> ModuleType:
    """Import a module of this service.

    Raises:
        ConfigError: It cannot be imported; the message names the file and the reason.
    """
    try:
        return import_module(module)
    except Exception as exc:
        file = module.replace(".", "/") + ".py"
        raise ConfigError(f"Cannot import {file}: {type(exc).__name__}: {exc}") from exc


def import_all(package: ModuleType) -> Iterator[ModuleType]:
    """Import every module of a package, in alphabetical order."""
    for info in iter_modules(package.__path__, f"{package.__name__}."):
        yield import_own(info.name)
