"""Check the logged signature against the declared types: an alias must not change an API."""

import logging
from typing import Any

from ...core.errors import ConfigError
from .logged_model import LoggedModel
from .row_types import declared_kind, fits, logged_kind

logger = logging.getLogger(__name__)


def check_signature(logged: LoggedModel, taken: Any, given: Any, name: str) -> None:
    """Check that a logged model takes and returns rows of the declared types.

    Args:
        logged: What is logged about the model.
        taken: Type of a row that it is given.
        given: Type of what it returns for a row.
        name: Class that declares them, for the message.

    Raises:
        ConfigError: They differ.
    """
    if logged.inputs is None or logged.outputs is None:
        logger.warning("The model was logged without a whole signature: types are not checked")
    if logged.inputs:
        takes, declared = logged_kind(logged.inputs), declared_kind(taken, "validation")
        if not fits(declared, takes):
            _reject(logged, f"takes {takes}", f"{name} takes {declared}", "logged_input")
    if logged.outputs:
        returns, declared = logged_kind(logged.outputs), declared_kind(given, "serialization")
        if not fits(returns, declared):
            _reject(logged, f"returns {returns}", f"{name} returns {declared}", "logged_output")


def _reject(logged: LoggedModel, found: str, declared: str, attribute: str) -> None:
    raise ConfigError(
        f"{logged.folder}: the logged model {found}, but {declared}: change one of them, or name "
        f"the type of the logged model's rows in {attribute}"
    )
