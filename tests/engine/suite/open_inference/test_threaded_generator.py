"""A generator in threads: its steps, and its end when it is no longer needed."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from src.services.streaming.threaded_generator import END, ThreadedGenerator


class Numbers:
    """A generator of numbers; a step may wait. Records where it was closed, and how often."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.running = threading.Event()
        self.closed_in: list[str] = []

    def give(self, most=3):
        try:
            for number in range(most):
                self.running.set()
                self.goes_on.wait(5)
                yield number
        finally:
            self.closed_in.append(threading.current_thread().name)


@pytest.fixture
def threads():
    with ThreadPoolExecutor(2, "step") as pool:
        yield pool


def test_parts_come_in_order_and_then_the_end():
    parts = ThreadedGenerator(Numbers().give)
    assert [parts.next() for _ in range(4)] == [0, 1, 2, END]


def test_function_is_called_in_the_first_step():
    called: list[str] = []

    def give(text):
        called.append(text)
        return [text]

    parts = ThreadedGenerator(give, "a")
    assert not called
    assert (parts.next(), parts.next(), called) == ("a", END, ["a"])


def test_generator_that_is_left_between_steps_is_closed_once_in_a_thread(threads):
    numbers = Numbers()
    parts = ThreadedGenerator(numbers.give)
    parts.next()
    parts.abandon(threads)
    threads.shutdown(wait=True)
    assert [name.startswith("step") for name in numbers.closed_in] == [True]


def test_generator_that_is_left_during_a_step_is_closed_after_it(threads):
    numbers = Numbers()
    numbers.goes_on.clear()
    parts = ThreadedGenerator(numbers.give)
    step = threads.submit(parts.next)
    assert numbers.running.wait(5)
    parts.abandon(threads)
    assert not numbers.closed_in
    numbers.goes_on.set()
    assert step.result(5) == 0
    threads.shutdown(wait=True)
    assert [name.startswith("step") for name in numbers.closed_in] == [True]


def test_what_cannot_be_closed_is_left_alone(threads):
    begun = ThreadedGenerator(iter, [1])
    begun.next()
    for parts in (begun, ThreadedGenerator(Numbers().give)):
        parts.abandon(threads)
    threads.shutdown(wait=True)
    ThreadedGenerator(Numbers().give).abandon(threads)  # the service has ended


def test_error_while_closing_is_logged(threads, caplog: pytest.LogCaptureFixture):
    def give():
        try:
            yield 1
        finally:
            raise RuntimeError("no end")

    parts = ThreadedGenerator(give)
    parts.next()
    parts.abandon(threads)
    threads.shutdown(wait=True)
    assert "Error while closing a stream" in caplog.text
