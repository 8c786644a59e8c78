"""One version of a model: load it, replace it while it predicts, unload it."""

import asyncio
import logging
from collections.abc import Callable
from time import perf_counter

from ...config.settings import Settings
from ...core.errors import ModelNotReadyError, ServiceError, UnknownModelError
from ..inference_service import InferenceService
from ..model_runner import UNAVAILABLE, UNLOADED
from .retirement import retire
from .source_tag import source_tag
from .to_the_end import to_the_end

logger = logging.getLogger(__name__)

Create = Callable[[Settings], InferenceService]
Apply = Callable[[InferenceService], object]
LOADING, READY, UNLOADING = "LOADING", "READY", "UNLOADING"


class Version:
    """A version of a model, with its settings, and the service that predicts with it.

    Whenever the version is loaded anew, `service` is another one: requests may use the old one.
    """

    def __init__(self, settings: Settings, create: Create) -> None:
        self.settings, self.create = settings, create
        self.service = create(settings)
        self.absence = UNAVAILABLE, ""
        """State in the repository while it is not loaded, and the reason."""
        self.on_change: list[Callable[[], object]] = []
        """Called when the service or the state is another one."""
        self.check: Callable[[InferenceService], object] = lambda _: None
        """Raises `ConfigError` for a service that must not replace this one."""
        self._is_new, self._tag = True, ""
        self._apply: list[Apply] = []
        self._lock = asyncio.Lock()
        self._retiring: dict[InferenceService, asyncio.Task[None]] = {}

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
        service = self.service
        if self.is_open:
            return service
        if self.absence[0] == UNLOADING or self.absence[1] == UNLOADED:
            name = f"The model {service.name}, version {service.version},"
            raise UnknownModelError(f"{name} is unloaded")
        raise ModelNotReadyError(f"The model {service.name} is not ready")

    async def load(self, settings: Settings | None = None) -> None:
        """Load the version, beside the one that is loaded; then replace that.

        Cancelling the caller, such as the request of a client that disconnects, does not end it.

        Raises:
            Exception: The new one cannot be loaded; the old one still predicts.
        """
        await to_the_end(self._load(settings or self.settings))

    async def _load(self, settings: Settings) -> None:
        async with self._lock:
            started, old, is_first = perf_counter(), self.service, self._is_new
            self._become(LOADING)
            try:
                service = self._build(settings)
                await service.start()
            except Exception as exc:
                self._become(UNAVAILABLE, str(exc))
                old.observer.on_failed_load()
                if not is_first:
                    trace = None if isinstance(exc, ServiceError) else exc
                    name = f"{old.name} {old.version}"
                    logger.error("Cannot load %s: %s", name, exc, exc_info=trace)  # noqa: TRY400
                raise
            self.settings, self.service = settings, service
            self._tag = await source_tag(service, settings)
            self._become(READY)
            if old.loaded and old is not service:
                took = perf_counter() - started
                logger.info("Replaced %s %s in %.3f s", service.name, service.version, took)
                self._retire(old)

    async def load_if_moved(self) -> None:
        """Load the version anew if what it was loaded from has changed since.

        Raises:
            Exception: The new model cannot be loaded.
        """
        tag = await source_tag(self.service, self.settings)
        if self.service.loaded and tag not in {"", self._tag}:
            await self.load()

    async def unload(self) -> None:
        """Reject new requests, and unload when the last has ended; cancelling does not end it."""
        await to_the_end(self._unload())

    async def _unload(self) -> None:
        async with self._lock:  # but not until the end: a call may hang
            service = self.service
            if not service.loaded:
                return
            retirement = self._retire(service)
            self._become(UNLOADING)
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
        self.check(service)
        for apply in self._apply:
            apply(service)
        return service

    def _retire(self, service: InferenceService) -> asyncio.Task[None]:
        if service not in self._retiring:
            limits = self.settings.service.concurrency, self.settings.repository.drain_s
            task = self._retiring[service] = asyncio.create_task(retire(service, *limits))
            task.add_done_callback(lambda _: self._retiring.pop(service))
        return self._retiring[service]
