"""Every system that can be measured, in the order of the tables; the first is the baseline."""

from benchmarks.serving.catalogue import classic, images, upstream
from benchmarks.serving.system import System


def systems() -> list[System]:
    """Return every system; those of one model have different keys."""
    return [*classic.systems(), *images.systems(), *upstream.systems()]


def of_model(model: str) -> list[System]:
    """Return the systems that serve a model."""
    return [system for system in systems() if model in system.models]
