"""Files of records: their size, number and mode; a disk that is full or slow."""

import errno
import os
import stat
import threading

import pytest

from src.config.recording import RecordingSettings
from src.core.errors import ConfigError
from src.services.recording import files
from src.services.recording.files import RecordFiles
from tests.conftest import PATIENCE_S, until
from tests.engine.suite.recording.harness import recording, records, watch


def fail_at_once(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def files_of(folder, **settings):
    return RecordFiles(RecordingSettings(path=str(folder), **settings))


def contents(folder):
    return [file.read_bytes() for file in sorted(folder.iterdir())]


def test_file_and_folder_are_private_and_named_by_time_and_process(tmp_path):
    folder = tmp_path / "a" / "b"
    files_of(folder).append(b"one\n")
    (file,) = folder.glob("predictions-*")
    assert (folder / ".gitignore").read_text() == "*\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert file.match(f"predictions-20??????-??????-??????-{os.getpid()}.jsonl")


def test_next_file_begins_before_the_size_is_exceeded(tmp_path):
    appended = files_of(tmp_path, max_file_bytes=8)
    for line in (b"one\n", b"two\n", b"three\n", b"much longer\n", b"4\n"):
        appended.append(line)
    assert contents(tmp_path) == [b"one\ntwo\n", b"three\n", b"much longer\n", b"4\n"]


def test_oldest_files_of_the_folder_are_deleted_and_nothing_else(tmp_path):
    (tmp_path / "predictions-20200101-000000-000000-1.jsonl").write_bytes(b"old\n")
    (tmp_path / "a.txt").write_bytes(b"mine")
    appended = files_of(tmp_path, max_file_bytes=1, max_files=2)
    for line in (b"1\n", b"2\n"):
        appended.append(line)
    assert contents(tmp_path) == [b"mine", b"1\n", b"2\n"]
    appended.append(b"3\n")
    assert contents(tmp_path) == [b"mine", b"2\n", b"3\n"]


def test_file_that_somebody_deletes_is_followed_by_another(tmp_path):
    appended = files_of(tmp_path)
    appended.append(b"1\n")
    next(tmp_path.iterdir()).unlink()
    appended.append(b"2\n")
    assert contents(tmp_path) == [b"2\n"]


def test_lines_that_were_written_in_part_are_removed(tmp_path, monkeypatch):
    def fail(file, lines):
        file.write(lines[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    appended = files_of(tmp_path)
    appended.append(b"one\n")
    with monkeypatch.context() as patch:
        patch.setattr(files, "_write", fail)
        for _ in range(3):
            with pytest.raises(OSError, match="No space"):
                appended.append(b"two\n")
    appended.append(b"three\n")
    assert contents(tmp_path) == [b"one\nthree\n"]


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_folder_that_cannot_be_used_ends_the_start(client_of, tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"\n  recording\.path: no files can be written in "):
        client_of(**recording(tmp_path / name))


def test_full_disk_is_one_line_and_the_service_goes_on(client_of, tmp_path, monkeypatch, log):
    client = client_of(**recording(tmp_path))
    watched = watch(client)
    with monkeypatch.context() as patch:
        patch.setattr(files, "_write", fail_at_once)
        for number in (1, 2):
            assert client.post("/predict", json={"input": "a"}).status_code == 200
            until(lambda: watched.results["dropped"] == number)  # noqa: B023
    assert client.post("/predict", json={"input": "b"}).status_code == 200
    until(lambda: watched.results["written"])
    assert [record["input"] for record in records(tmp_path)] == ["b"]
    lines = [line for line in log.getvalue().splitlines() if "No space left" in line]
    assert len(lines) == 1
    assert "Cannot record predictions, which are served as before" in lines[0]


def test_slow_disk_delays_nothing_and_what_finds_no_room_is_dropped(
    client_of, tmp_path, monkeypatch, log
):
    is_stuck, may_go_on, write = threading.Event(), threading.Event(), files._write

    def wait(file, lines):
        is_stuck.set()
        may_go_on.wait(PATIENCE_S)
        write(file, lines)

    monkeypatch.setattr(files, "_write", wait)
    client = client_of(**recording(tmp_path, max_waiting=2))
    watched = watch(client)
    client.post("/predict", json={"input": "0"})
    assert is_stuck.wait(PATIENCE_S)
    for number in range(1, 5):
        assert client.post("/predict", json={"input": f"{number}"}).status_code == 200
    assert watched.results == {"dropped": 2}
    may_go_on.set()
    until(lambda: watched.results == {"dropped": 2, "written": 3})
    assert [record["input"] for record in records(tmp_path)] == ["0", "1", "2"]
    until(lambda: "Dropped 2 records: too many waited to be written" in log.getvalue())
