"""Messages through the socket, and through the file in memory."""

import os
from pathlib import Path

import pytest

from src.services.processes import messages
from src.services.processes.messages import HEADER, LARGE, Messages, create_memory


def pair():
    """Return both sides of a file."""
    memory = create_memory()
    return Messages(memory), Messages(os.dup(memory)), memory


def parts(packed):
    size, is_shared = HEADER.unpack(packed[: HEADER.size])
    return size, is_shared, packed[HEADER.size :]


@pytest.mark.parametrize("size", [0, 1, 1000, LARGE - 100])
def test_short_message_goes_through_the_socket(size):
    ours, theirs, memory = pair()
    value = {"a": b"x" * size}
    length, is_shared, data = parts(ours.pack(value))
    assert not is_shared
    assert len(data) == length
    assert os.fstat(memory).st_size == 0
    assert theirs.unpack(length, data) == value


@pytest.mark.parametrize("size", [LARGE, 1_000_000, 20_000_000])
@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_long_message_goes_through_the_file(size, kind):
    ours, theirs, memory = pair()
    value = ("text", kind(b"x" * size), [*range(10)])
    length, is_shared, data = parts(ours.pack(value))
    assert is_shared
    assert data == b""
    assert os.fstat(memory).st_size >= size
    assert theirs.unpack(length, None) == value
    assert type(theirs.unpack(*parts(theirs.pack(value))[:1], None)[1]) is kind


def test_messages_of_all_lengths_follow_each_other():
    ours, theirs, _ = pair()
    for size in (10, 3_000_000, 70_000, 10, 200_000):
        value = [b"y" * size, [b"z" * 1000] * 100]
        length, is_shared, data = parts(ours.pack(value))
        assert theirs.unpack(length, None if is_shared else data) == value
        ours, theirs = theirs, ours


def test_many_small_values_beyond_the_limit_go_through_the_file():
    ours, theirs, _ = pair()
    value = [[number, f"{number}"] for number in range(50_000)]
    length, is_shared, _ = parts(ours.pack(value))
    assert is_shared
    assert theirs.unpack(length, None) == value


def test_memory_of_a_very_long_message_is_given_back(monkeypatch):
    monkeypatch.setattr(messages, "KEPT", 100_000)
    ours, theirs, memory = pair()
    for size, kept in [(90_000, True), (200_000, False)]:
        length, _, _ = parts(ours.pack(b"x" * size))
        theirs.unpack(length, None)
        assert bool(os.fstat(memory).st_size) is kept


def test_without_the_file_all_goes_through_the_socket(monkeypatch):
    monkeypatch.delattr(os, "memfd_create", raising=False)
    memory = create_memory()
    assert memory == -1
    both, value = Messages(memory), [b"x" * 1_000_000]
    length, is_shared, data = parts(both.pack(value))
    assert not is_shared
    assert both.unpack(length, data) == value
    both.close()


def test_file_has_no_name_and_ends_with_its_descriptors():
    shared = Path("/dev/shm")
    names = {*shared.iterdir()}
    ours, theirs, memory = pair()
    ours.pack(b"x" * 1_000_000)
    assert {*shared.iterdir()} <= names
    ours.close()
    theirs.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(memory)
