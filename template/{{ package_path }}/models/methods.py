"""Checks of a model's class: its methods, its name and version."""

import inspect
import re

from ..core.errors import ConfigError


def check_methods(cls: type) -> None:
    """Check that methods return or yield, as each name requires.

    Raises:
        ConfigError: A method yields but must return, or the reverse.
    """
    for name in ("load", "predict", "predict_batch", "unload"):
        method, called = getattr(cls, name, None), f"{cls.__qualname__}.{name}"
        # The results of `predict_batch` become a list.
        yields = inspect.isgeneratorfunction(method) and name != "predict_batch"
        if yields or inspect.isasyncgenfunction(method):
            raise ConfigError(f"{called} has `yield`: use `return`, or predict_stream")
    if inspect.iscoroutinefunction(getattr(cls, "predict_stream", None)):
        raise ConfigError(f"{cls.__qualname__}.predict_stream needs `yield`")
    methods = [getattr(cls, name, None) for name in ("predict", "predict_batch")]
    if getattr(cls, "inline", False) and any(map(inspect.iscoroutinefunction, methods)):
        raise ConfigError(f"{cls.__qualname__}: `inline` is for plain methods, not `async def`")


def check_name(cls: type, text: str) -> None:
    """Check that a name or version is valid in headers, URLs, routes and labels of metrics.

    Raises:
        ConfigError: It is not.
    """
    if not re.fullmatch(r"(?! )[\w .:+@,=()-]{1,128}(?<! )", text, re.ASCII):
        rule = "must be 1 to 128 ASCII letters, digits, spaces and .:+@,=()_-"
        raise ConfigError(f"{cls.__qualname__}: {text!r} {rule}")


def input_parameter(cls: type) -> str | None:
    """Return the name of the input of `predict`; None if it cannot be called with one value."""
    method = inspect.getattr_static(cls, "predict")
    try:
        signature = inspect.signature(method.__get__(object(), cls))
        signature.bind(None)
    except (TypeError, AttributeError):
        return None
    return next(iter(signature.parameters))
