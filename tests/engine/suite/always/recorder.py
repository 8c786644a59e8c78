"""An observer that records its events."""

from functools import partial
from typing import Any

from src.services.observer import Observer


class Recorder(Observer):
    """A list of the events in order, as in `("on_cache", "hit")`."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        for name in (name for name in dir(Observer) if name.startswith("on_")):
            setattr(self, name, partial(self._record, name))

    def _record(self, *event: Any) -> None:
        self.events.append(event)
