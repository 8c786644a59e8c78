"""The settings of each model, and of each version of it."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from ..config.settings import ModelSettings, ServedModelSettings, Settings
from ..config.versions import ServedModel
from ..utils.helpers import Names, merge
from .config import normalize
from .config_errors import Places, config_error, explain
from .errors import ConfigError

NAME = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,63}")  # variables of the environment have no case
ROUTING = {*ServedModel.model_fields}  # settings that versions do not inherit
CHOICES = ("serve", "shares", "shadow")  # settings that name versions
VARIABLES = ("environment ", ".env:")  # sources of a setting


class ModelConfig:
    """Settings of one model: how its versions are served, and `Settings` for each of them."""

    def __init__(self, served: ServedModelSettings, versions: dict[str, Settings]) -> None:
        self.served = served
        self.versions = versions
        """By version; the name is empty if there is one, which the class or the card names."""


def read_models(settings: Settings) -> dict[str, ModelConfig]:
    """Return the settings of each model by its name, the default one first.

    Without the section `models` there is one, whose name is empty.

    Raises:
        ConfigError: A value is wrong; the message is as in `load_config`.
    """
    raw = settings.models.model_extra or {}
    if not raw:
        served = ServedModelSettings.model_validate(_set_values(settings.model))
        return {"": ModelConfig(served, {"": settings})}
    places = settings.model.options._places  # noqa: SLF001
    _check_names(raw, places)
    default = _default(settings.model.name, [*raw], places)
    models = {name: _read(settings, name, value, places) for name, value in raw.items()}
    return {default: models[default], **models}


def _default(name: str | None, known: list[str], places: Places) -> str:
    if name is None and len(known) == 1:
        return known[0]
    if name in known:
        return name
    place = places.get(("model", "name"), places.get(("models",), "default"))
    near = get_close_matches((name or "").lower(), known, n=1)
    named = [f"{each} ({places.get(('models', each), 'YAML')})" for each in known]
    wanted = f"must be the default one of {', '.join(named)}"
    more = f"; did you mean {near[0]}?" if near else ""
    raise ConfigError(f"Configuration error:\n  {place}: model.name: {wanted}{more}")


def _check_names(raw: dict[str, Any], places: Places) -> None:
    """Reject a variable that chooses a version of a model that has none, such as a misspelt one."""
    for name, value in raw.items():
        sources = [places.get(("models", name, choice), "") for choice in CHOICES]
        if any(source.startswith(VARIABLES) for source in sources) and "versions" not in value:
            near = get_close_matches(name, [each for each in raw if each != name], n=1, cutoff=0)
            more = "".join(f"; did you mean {each}?" for each in near)
            problem = f"there is no model of this name that has versions{more}"
            raise _error(places, ("models", name), problem)


def _read(settings: Settings, name: str, value: Any, places: Places) -> ModelConfig:
    where = ("models", name)
    if not NAME.fullmatch(name):
        raise _error(places, where, "must be at most 64 letters, digits and ._-, no . first")
    try:
        served = ServedModelSettings.model_validate(_normalize(value, places, where))
        shared = merge(_set_values(settings.model), {**_set_values(served), "name": name})
        versions = {}
        for version, changes in (served.versions or {"": ModelSettings()}).items():
            own = {**_set_values(changes), "version": version} if version else {}
            model = ModelSettings.model_validate(merge(shared, own))
            sections = [(*where, "options"), (*where, "versions", version, "options")]
            model.options._places.update(_places_of_options(places, sections))  # noqa: SLF001
            versions[version] = settings.model_copy(update={"model": model})
    except ValidationError as exc:
        raise config_error(exc, places, ServedModelSettings, where) from exc
    return ModelConfig(served, versions)


def _normalize(value: Any, places: Places, where: Names) -> dict[str, Any]:
    """Return the section of a model with the names of its settings in lower case."""
    try:
        served = normalize(_section(value, places, where), places, ServedModelSettings, where)
        if "versions" in served:
            where = (*where, "versions")
            served["versions"] = {
                _version_name(key, places, where): normalize(
                    _section(changes, places, (*where, str(key))),
                    places,
                    ModelSettings,
                    (*where, str(key).lower()),
                )
                for key, changes in _section(served["versions"], places, where).items()
            }
    except ValueError as exc:
        raise ConfigError(f"Configuration error:\n  {exc}") from exc
    return served


def _section(value: Any, places: Places, where: Names) -> dict[Any, Any]:
    if not isinstance(value, dict | None):
        raise _error(places, where, "must have its settings below it, indented, or be {}")
    return value or {}


def _version_name(key: Any, places: Places, where: Names) -> str:
    if isinstance(key, str):
        return key
    advice = 'put it in quotes, as in "1.10", which YAML reads as the number 1.1'
    raise _error(places, (*where, str(key)), advice)


def _error(places: Places, where: Names, problem: str) -> ConfigError:
    error = {"type": "value_error", "loc": where, "msg": problem}
    return ConfigError(f"Configuration error:\n  {explain(error, places, Settings, ())}")


def _set_values(section: BaseModel) -> dict[str, Any]:
    """Return the settings that are not defaults, as a nested mapping."""
    return section.model_dump(exclude_unset=True, exclude=ROUTING)


def _places_of_options(places: Places, sections: Iterable[Names]) -> Places:
    """Return the places of options by the names that they have in the section `model`."""
    found = dict(places)
    for section in (tuple(map(str.lower, names)) for names in sections):
        for names, place in places.items():
            if names[: len(section)] == section:
                found["model", "options", *names[len(section) :]] = place
    return found
