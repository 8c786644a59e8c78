"""Threads of the model: the service is not ready while calls that timed out block them all."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import get_ident
from typing import Any

from ...config.settings import Settings
from ...services.inference_service import InferenceService


def install(service: InferenceService, settings: Settings) -> None:
    """Report not ready while all threads of the model are stuck."""
    threads = TimedThreads(settings.service.threads, settings.service.timeout)
    service.runner.threads = threads
    service.checks.append(lambda: not threads.stuck)


class TimedThreads(ThreadPoolExecutor):
    """A pool of threads that records when each call began.

    The thread of a call that timed out stays busy until the call returns.
    """

    def __init__(self, threads: int, timeout_s: float) -> None:
        super().__init__(threads, "predict")
        self._timeout_s = timeout_s
        self._began: dict[int, float] = {}

    @property
    def stuck(self) -> bool:
        """Whether every thread is busy with a call that timed out."""
        late = time.monotonic() - self._timeout_s
        return sum(began < late for began in list(self._began.values())) >= self._max_workers

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function in a thread."""
        return super().submit(self._timed, fn, *args, **kwargs)

    def _timed(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._began[get_ident()] = time.monotonic()
        try:
            return fn(*args, **kwargs)
        finally:
            del self._began[get_ident()]
