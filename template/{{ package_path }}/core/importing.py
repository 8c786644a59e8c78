"""Import modules by name, and all modules of a package: a new file needs no registration."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from traceback import extract_tb
from types import ModuleType

from .errors import ConfigError


def import_own(module: str) -> ModuleType:
    """Import a module of this service.

    Raises:
        ConfigError: The import fails; the message names the file and the reason.
    """
    try:
        return import_module(module)
    except (Exception, SystemExit) as exc:
        package, here = Path(__file__).parents[1], Path(__file__)
        frames = [Path(frame.filename) for frame in extract_tb(exc.__traceback__)]
        own = [file for file in frames if package in file.parents and file != here]
        failed = own[-1] if own else package.parent / f"{module.replace('.', '/')}.py"
        file = failed.relative_to(package.parent).as_posix()
        raise ConfigError(f"Cannot import {file}: {type(exc).__name__}: {exc}") from exc


def import_all(package: ModuleType) -> Iterator[ModuleType]:
    """Import every module of a package, in alphabetical order."""
    for info in iter_modules(package.__path__, f"{package.__name__}."):
        yield import_own(info.name)
