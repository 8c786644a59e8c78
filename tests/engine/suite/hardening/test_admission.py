"""Admission of requests: which, in which order, and when a slot cannot be expected."""

import asyncio
import threading
import time

import pytest

from src.core.errors import OverloadedError
from src.serving.limits.admission import Gate
from src.serving.limits.model_threads import TimedThreads
from tests.conftest import TextModel


async def queue_up(gate, number):
    """Queue some requests; return their tasks, and the order in which they were admitted."""
    entered: list[int] = []

    async def enter(index):
        await gate.acquire()
        entered.append(index)

    tasks = [asyncio.create_task(enter(index)) for index in range(number)]
    await asyncio.sleep(0)
    return tasks, entered


def full_gate(waiting, patience_s=5.0):
    gate = Gate(1, waiting, patience_s)
    asyncio.run(gate.acquire())
    return gate


def test_those_that_find_a_place_do_not_wait():
    async def check():
        Gate(1, 0, 5).check()
        gate = Gate(2, 9, 5)
        tasks, entered = await queue_up(gate, 3)
        assert entered == [0, 1]
        gate.release()
        await asyncio.gather(*tasks)
        assert not gate.free

    asyncio.run(check())


def test_those_that_wait_are_let_in_one_by_one_in_the_order_of_arrival():
    async def check():
        tasks, entered = await queue_up(gate, 3)
        for number in range(1, 4):
            gate.release()
            await asyncio.sleep(0.001)
            assert entered == [0, 1, 2][:number]
        await asyncio.gather(*tasks)

    gate = full_gate(3)
    asyncio.run(check())


def test_more_than_may_wait_are_turned_away_at_once():
    async def check():
        gate.check()
        tasks, _ = await queue_up(gate, 2)
        with pytest.raises(OverloadedError, match="Too many"):
            gate.check()
        with pytest.raises(OverloadedError, match="Too many"):
            await asyncio.wait_for(gate.acquire(), 0.1)
        gate.release()
        gate.release()
        await asyncio.gather(*tasks)

    gate = full_gate(2)
    asyncio.run(check())


def test_nobody_waits_for_longer_than_patience_lasts():
    async def check():
        with pytest.raises(OverloadedError, match=r"No free slot within 0\.01 s"):
            await asyncio.wait_for(gate.acquire(), 1)
        gate.check()  # the slot in the queue is free again
        gate.release()
        assert gate.free == 1

    gate = full_gate(1, patience_s=0.01)
    asyncio.run(check())


def test_cancelling_leaves_the_queue():
    async def check():
        (leaves, stays), entered = await queue_up(gate, 2)
        leaves.cancel()
        await asyncio.sleep(0.001)
        gate.check()
        gate.release()
        await stays
        assert entered == [1]

    gate = full_gate(2)
    asyncio.run(check())


@pytest.mark.parametrize("cancelled_first", [True, False])
@pytest.mark.parametrize("others", [0, 1])
def test_no_place_is_lost_when_one_is_cancelled_while_it_is_let_in(others, cancelled_first):
    async def check():
        (leaves, *stay), entered = await queue_up(gate, 1 + others)
        steps = [leaves.cancel, gate.release]
        for step in steps if cancelled_first else reversed(steps):
            step()
        await asyncio.gather(leaves, *stay, return_exceptions=True)
        assert leaves.cancelled()
        assert entered == [1][:others]
        assert gate.free == 1 - others

    gate = full_gate(2)
    asyncio.run(asyncio.wait_for(check(), 5))


def test_threads_are_stuck_while_all_are_held_beyond_the_time_limit():
    threads, may_go_on = TimedThreads(2, timeout_s=0.2), threading.Event()
    first = threads.submit(may_go_on.wait, 5)
    time.sleep(0.25)
    assert not threads.stuck
    second = threads.submit(may_go_on.wait, timeout=5)
    assert not threads.stuck
    time.sleep(0.25)
    assert threads.stuck
    may_go_on.set()
    assert (first.result(), second.result()) == (True, True)
    with pytest.raises(ZeroDivisionError):
        threads.submit(divmod, 1, 0).result()
    threads.shutdown()
    assert not threads.stuck


def test_service_is_not_ready_while_its_threads_are_stuck(client_of):
    class Stuck(TextModel):
        def predict(self, input_data: str) -> str:
            return str(may_go_on.wait(5 if input_data == "stuck" else 0))

    may_go_on = threading.Event()
    client = client_of(Stuck(), service={"timeout": 0.05, "threads": 1})
    assert client.post("/predict?input=stuck").status_code == 504
    time.sleep(0.05)
    assert client.get("/ready").status_code == 503
    may_go_on.set()
    deadline = time.monotonic() + 60
    while client.get("/ready").status_code != 200:
        assert time.monotonic() < deadline
