"""The memory of a request is freed with it, not when the garbage collector runs."""

import asyncio
import gc
import time

from asgi import post
from src.app import create_app
from src.config.settings import Settings
from src.serving.limits.request_watch import RequestWatch


def test_request_that_takes_long_leaves_nothing_to_the_garbage_collector(model_of):
    def slow(_):
        time.sleep(0.12)  # longer than requests go unwatched
        return 1

    async def serve():
        app = create_app(Settings(), model=model_of(str, int, slow))
        await app.state.inference_service.start()
        for number in range(3):
            assert await post(app, b'{"input": "%d"}' % number) == 200
        for _ in range(3):
            await asyncio.sleep(0)  # the watcher's task ends
        return [one for one in gc.get_objects() if isinstance(one, RequestWatch)]

    gc.disable()
    try:
        assert not asyncio.run(serve())
    finally:
        gc.enable()
