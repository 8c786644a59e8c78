"""Names of a version's settings in messages: where they are in the section `models`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from ...config.settings import ModelSettings, Settings
from ...core.errors import ConfigError
from ..inference_service import InferenceService
from .version import Create

SETTING = re.compile(r"(?<![\w./])model((?:\.\w+)+)")


def named_in_full(create: Create) -> Create:
    """Return a function that creates services, whose errors name settings where they are.

    `model.artifact.uri` is `models.sentiment.versions.2.0.0.artifact.uri`, if it is there.
    """

    def create_service(settings: Settings) -> InferenceService:
        with _named_in_full(settings.model):
            service = create(settings)
        load = service.runner.load

        async def load_service() -> None:
            with _named_in_full(settings.model):
                await load()

        service.runner.load = load_service
        return service

    return create_service


@contextmanager
def _named_in_full(model: ModelSettings) -> Iterator[None]:
    try:
        yield
    except ConfigError as exc:
        exc.args = (SETTING.sub(partial(_name, model), str(exc)),)
        raise


def _name(model: ModelSettings, match: re.Match[str]) -> str:
    """Return the name in the section that has the setting, or most of the sections around it."""
    _, *names = match[0].split(".")
    places, name, version = model.options._places, str(model.name), str(model.version)  # noqa: SLF001
    for depth in range(len(names), 0, -1):
        for section in (("models", name, "versions", version), ("models", name), ("model",)):
            if tuple(map(str.lower, (*section, *names[:depth]))) in places:
                return ".".join((*section, *names))
    return match[0]
