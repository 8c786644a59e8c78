"""One version of a model: load it, replace it while it predicts, unload it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import perf_counter

from ...config.settings import Settings
from ...core.errors import ModelNotReadyError, ServiceError, UnknownModelError
from ..inference_service import InferenceService
from ..model_runner import UNAVAILABLE, UNLOADED
from .retirement import Retirements, full_name
from .source_tag import may_load_later, source_tag
from .to_the_end import to_the_end

logger = logging.getLogger(__name__)

Create = Callable[[Settings], InferenceService]
Apply = Callable[[InferenceService], object]
LOADING, UNLOADING = "LOADING", "UNLOADING"


class Version:
    """A version of a model, with its settings, and the service that predicts with it.

    Whenever the version is loaded anew, `service` is another one: requests may use the old one.
    """

    def __init__(self, settings: Settings, create: Create) -> None:
        self.settings, self.create = settings, create
        self.service = create(settings)
        self.absence = UNAVAILABLE, ""
        """State in the repository while it cannot predict, and the reason."""
        self.on_change: list[Callable[[], object]] = []
        """Called when the service or the state changes."""
        self.check: Callable[[InferenceService], object] = lambda _: None
        """Raises `ConfigError` for a service that must not replace this one."""
        self._is_new, self._tag, self._tried_tag = True, "", ""
        self._apply: list[Apply] = []
        self._lock, self._retiring = asyncio.Lock(), Retirements()

    def each(self, apply: Apply) -> None:
        """Call a function with the service, and with each that replaces it."""
        self._apply.append(apply)
        apply(self.service)

    @property
    def is_open(self) -> bool:
        """Whether it takes new requests; not while it is loaded anew before it has unloaded."""
        return self.service.loaded and self.service not in self._retiring

    @property
    def ready(self) -> bool:
        """Whether it can predict for a new request."""
        return self.is_open and self.service.ready

    def open(self) -> InferenceService:
        """Return the service for a new request.

        Raises:
            UnknownModelError: The version is unloaded.
            ModelNotReadyError: It is being loaded, or could not be loaded.
        """
        if self.is_open:
            return self.service
        name = f"The model {self.service.name}"
        if self.absence[1] == UNLOADED:
            raise UnknownModelError(f"{name}, version {self.service.version}, is unloaded")
        raise ModelNotReadyError(f"{name} is not ready")

    async def load(self, settings: Settings | None = None, *, logs: bool = True) -> None:
        """Load the version beside the one that it then replaces; log and raise a failure."""
        await to_the_end(self._load(settings or self.settings, logs=logs))

    async def _load(self, settings: Settings, *, logs: bool) -> None:
        async with self._lock:
            started, old, service = perf_counter(), self.service, None
            self._become(LOADING)
            try:
                service = self._build(settings)
                tag = await source_tag(service, settings)  # before: a later change is another one
                await service.start()
            except Exception as exc:
                self._fail(exc, service, logs=logs)
                raise
            self.settings, self.service, self._tag = settings, service, tag
            self._become(UNAVAILABLE)  # if ever it cannot predict
            if old.loaded and old is not service:
                logger.info("Replaced %s in %.3f s", full_name(old), perf_counter() - started)
                self._retiring.begin(old, settings)
            if service.version != old.version:
                old.observer.on_share(0)
            if service.listed != old.listed:
                logger.warning("Lists and paths have %s until a restart", full_name(old))

    def _fail(self, exc: Exception, service: InferenceService | None, *, logs: bool) -> None:
        """Record that the version could not be loaded, and release what has been loaded."""
        self._become(UNAVAILABLE, str(exc))
        self.service.observer.on_failed_load()
        if may_load_later(exc):
            self._tried_tag = ""
        if logs:
            trace = None if isinstance(exc, ServiceError) else exc
            logger.error("Cannot load %s: %s", full_name(self.service), exc, exc_info=trace)
        if service is not None:
            service.loaded = bool(service.runner.times)  # its warm-up failed, or its result
            self._retiring.begin(service, self.settings)

    async def load_if_moved(self) -> None:
        """Load the version anew, as `load` does, if what it was loaded from has changed since."""
        tag = await source_tag(self.service, self.settings)
        if self.service.loaded and tag not in {"", self._tag, self._tried_tag}:
            self._tried_tag = tag  # what fails is not tried again and again
            await self.load()

    async def unload(self) -> None:
        """Reject new requests, and unload when the last has ended."""
        await to_the_end(self._unload())

    async def _unload(self) -> None:
        async with self._lock:  # but not until the end: a call may hang
            if not self.service.loaded:
                self._become(UNAVAILABLE, UNLOADED)
                return
            retirement = self._retiring.begin(self.service, self.settings)
            self._become(UNLOADING, UNLOADED)
        await retirement
        if self.absence[0] == UNLOADING:  # else it is loaded anew, or was
            self._become(UNAVAILABLE, UNLOADED)

    def _become(self, state: str, reason: str = "") -> None:
        self.absence = state, reason
        for call in self.on_change:
            call()

    def _build(self, settings: Settings) -> InferenceService:
        if self._is_new:
            self._is_new = False
            return self.service
        service = self.create(settings)
        service.runner.waits_for_source = False  # another model predicts meanwhile
        self.check(service)
        for apply in self._apply:
            apply(service)
        return service

    def stop(self) -> list[Awaitable[None]]:
        """Accept no more predictions, unload all models, and return what is still to be awaited."""
        return self._retiring.stop(self.service)
