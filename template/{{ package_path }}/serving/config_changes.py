"""Log lines about settings that were read again: what differs, and which source it is from."""

import logging
from collections.abc import Iterator
from typing import Any

from ..config.settings import Settings
from ..core.errors import ConfigError
from ..utils.helpers import Names

logger = logging.getLogger(__name__)

UNSET, HIDDEN = "not set", "***"
# Their values are shown, and numbers; any other value may be a secret, as may all options.
SHOWN = {"implementation", "log_level", "serve", "shadow", "shares", "sha256", "sticky_header"}


def log_changes(old: Settings, new: Settings) -> None:
    """Log each setting that differs, with the source of the new value."""
    before, after = dict(_values(old.model_dump())), dict(_values(new.model_dump()))
    places = new.model.options._places  # noqa: SLF001
    all_names = sorted({*before, *after})
    changed = [n for n in all_names if before.get(n, UNSET) != after.get(n, UNSET)]
    for names in changed:
        values = [_show(names, each.get(names, UNSET)) for each in (before, after)]
        source = places.get(tuple(map(str.lower, names)), "default")
        more = f" ({source})" if names in after else ""
        logger.info("Changed: %s: %s%s", ".".join(names), " -> ".join(values), more)
    if not changed:
        of_models = [places[names] for names in places if names[0] in {"model", "models"}]
        variables = sorted({place for place in of_models if place.startswith("environment ")})
        more = f"; these win over the files: {', '.join(variables)}" if variables else ""
        logger.info("No setting has changed%s", more)


def log_rejected(exc: ConfigError) -> None:
    """Log that settings are wrong, so that those that were read before stay."""
    reason = str(exc).removeprefix("Configuration error:").strip()
    logger.error("Nothing has changed: %s", reason)


def _values(section: dict[str, Any], parents: Names = ()) -> Iterator[tuple[Names, Any]]:
    """Yield the names and the value of each setting, also of those in other sections."""
    for name, value in section.items():
        names = (*parents, str(name))
        if isinstance(value, dict) and value:
            yield from _values(value, names)
        else:
            yield names, value


def _show(names: Names, value: Any) -> str:
    is_harmless = names[-1] in SHOWN or isinstance(value, int | float)
    is_shown = value in (UNSET, {}) or (is_harmless and "options" not in names)
    return str(value) if is_shown else HIDDEN
