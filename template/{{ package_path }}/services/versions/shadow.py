"""Shadows: versions that also predict, after the response, for comparison."""

import asyncio
import logging
import random
import time
from functools import partial
from typing import Any

from pydantic_core import to_json

from ..inference_service import InferenceService
from ..prediction_log import ms_since
from .leases import add_user, lease_of_request, release
from .served_model import ServedModel

MOST = 16  # predictions of a model's shadows under way; more are dropped


class Shadows:
    """Predict with further versions, once a response has been sent, and compare.

    Which versions, and for which part of the requests, is in `model.shadows`.
    """

    def __init__(self, model: ServedModel) -> None:
        self.model = model
        self._running: set[asyncio.Task[None]] = set()
        model.each_version(self._watch)

    def _watch(self, service: InferenceService) -> None:
        """Follow the predictions of a service of one version."""
        if isinstance(service, ServedModel):
            return
        predict = service.predict

        async def predict_and_follow(input_data: Any) -> Any:
            prediction = await predict(input_data)
            self._follow(service.version, input_data, prediction)
            return prediction

        vars(service)["predict"] = predict_and_follow

    def _follow(self, responded: str, input_data: Any, prediction: Any) -> None:
        """Predict with shadows, by chance, when the response has been sent."""
        for version, part in self.model.shadows.items():
            if version != responded and random.random() < part:  # noqa: S311  (not a secret)
                start = partial(self._start, version, input_data, prediction)
                if lease := lease_of_request():
                    lease.later.append(start)
                else:
                    start()

    def _start(self, version: str, input_data: Any, prediction: Any) -> None:
        shadow = self.model.of_version.get(version)
        if shadow is None:
            return  # the settings have changed meanwhile
        service = shadow.service
        if len(self._running) >= MOST or not shadow.is_open:
            service.observer.on_shadow("dropped")
            return
        add_user(service)
        task = asyncio.create_task(_compare(service, input_data, prediction))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: release(service))


async def _compare(service: InferenceService, input_data: Any, expected: Any) -> None:
    """Predict past log and cache: only what differs or fails is worth a line."""
    started, runner = time.perf_counter(), service.runner
    try:
        prediction = runner.output.check(await runner.predict(input_data))
        is_same = _json(prediction) == _json(expected)
    except Exception as exc:  # noqa: BLE001  (a model may raise anything)
        service.failed(exc, started)
        service.observer.on_shadow("failed")
        return
    service.observer.on_prediction(time.perf_counter() - started)
    service.observer.on_shadow("same" if is_same else "different")
    if not is_same:
        service.log.line(logging.INFO, "Shadow differs: %s", prediction, ms=ms_since(started))


def _json(prediction: Any) -> bytes:
    return to_json(prediction, bytes_mode="base64", fallback=repr)
