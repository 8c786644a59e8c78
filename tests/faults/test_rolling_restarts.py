"""Row 29, in numbers: ten rolling restarts under load lose no request."""

import asyncio
import itertools
import os
import signal

import pytest

from .client import post_bytes
from .load import one_after_another
from .process import log_lines, wait_for, workers

RESTARTS, REQUESTS = 10, 15_000
WORK = post_bytes("/predict", b'{"input":"good"}')
WORK_AND_CLOSE = post_bytes("/predict", b'{"input":"good"}', connection="close")
CLIENTS = {  # their requests, their number, their pause
    "at once": (WORK, 2, 0),
    "now and then": (WORK, 30, 0.02),
    "on a new connection each": (WORK_AND_CLOSE, 2, 0.002),
}


def restart_often(service):
    """Replace both workers again and again."""
    for _ in range(RESTARTS):
        before = workers(service)
        os.kill(service.process.pid, signal.SIGHUP)
        wait_for(lambda: len(now := workers(service)) == 2 and not now & before)  # noqa: B023


@pytest.mark.long
@pytest.mark.row(29)
def test_ten_rolling_restarts_under_load_lose_no_request(serve, record_property):
    async def run():
        restarts = asyncio.create_task(asyncio.to_thread(restart_often, service))

        def goes_on(done):
            return done < REQUESTS / len(CLIENTS) or not restarts.done()

        results = await asyncio.gather(
            *(
                one_after_another(service, data, clients, goes_on, pause_s)
                for data, clients, pause_s in CLIENTS.values()
            )
        )
        await restarts
        return [*itertools.chain(*results)]

    with serve(HARDENING__WORKERS=2, HARDENING__DRAIN_S=0.5) as service:
        wait_for(lambda: len(workers(service)) == 2)
        results = asyncio.run(run())
        lost = [result for result in results if result.status != 200]
        record_property(
            "number", f"{RESTARTS} rolling restarts: lost {len(lost)} of {len(results)}"
        )
        assert len(results) >= REQUESTS
        assert not lost
        assert not log_lines(service, "Traceback")
