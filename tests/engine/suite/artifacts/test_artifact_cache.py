"""Artifacts that are fetched: kept by checksum, whole or not at all, by one process at a time."""

import hashlib
import logging
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from src.config.artifact import ArtifactSettings
from src.core.artifacts import Artifact, UnavailableError, checksum, download, provide, resolve
from src.core.artifacts.download import Download
from src.core.errors import ConfigError
from tests.conftest import until

PIN = hashlib.sha256(b"weights").hexdigest()
URI = "s3://models/fraud/model.onnx"
REVISION = "0123456789" * 4
pytestmark = pytest.mark.usefixtures("source")


class FakeSource:
    """A source in memory, which can be changed, broken, and held."""

    def __init__(self):
        self.content, self.error, self.fetched = b"weights", None, 0
        self.goes_on = threading.Event()
        self.goes_on.set()

    def fetch(self, uri, target, download):
        self.fetched += 1
        download.expect(len(self.content))
        if uri.endswith("/"):
            (target / "sub").mkdir(parents=True)
            target /= "sub/model.onnx"
        target.write_bytes(self.content[:3])
        download.add(3)
        if not self.goes_on.wait(60):
            raise TimeoutError
        if self.error:
            raise self.error
        target.write_bytes(self.content)
        download.add(len(self.content) - 3)


@pytest.fixture
def source(monkeypatch):
    fake = FakeSource()
    monkeypatch.setattr(resolve, "source_of", lambda _uri: fake)
    yield fake
    fake.goes_on.set()


@pytest.fixture
def get(tmp_path):
    def provide_it(uri=URI, **settings):
        settings = {"cache_dir": "cache", **settings}
        return provide(ArtifactSettings(uri=uri, **settings), (), tmp_path)

    return provide_it


@pytest.fixture
def cached(tmp_path):
    """The names of all files in the cache but locks."""

    def files():
        found = (tmp_path / "cache").rglob("*")
        return {f.relative_to(tmp_path / "cache").as_posix() for f in found if f.is_file()}

    return lambda: {name for name in files() if not name.endswith((".lock", ".pin"))}


def test_pinned_artifact_is_fetched_once_and_then_needs_no_network(source, get, tmp_path, cached):
    found = get(sha256=PIN)
    assert found == Artifact(tmp_path / "cache" / PIN / "model.onnx", PIN)
    assert found.path.read_bytes() == b"weights"
    source.error = UnavailableError("down")
    assert get(sha256=PIN) == found
    assert source.fetched == 1
    assert cached() == {f"{PIN}/model.onnx"}


def test_folder_is_kept_as_a_whole(source, get, tmp_path):
    found = get("s3://models/fraud/")
    assert found.path == tmp_path / "cache" / found.sha256 / "fraud"
    assert (found.path / "sub/model.onnx").read_bytes() == b"weights"
    assert get("s3://models/fraud/", sha256=found.sha256) == found
    assert source.fetched == 1


@pytest.mark.skipif(sys.platform == "win32", reason="permissions differ")
def test_kept_files_are_read_only_and_readable_for_others(get):
    assert get().path.stat().st_mode & 0o777 == 0o444
    folder = get("s3://models/fraud/").path
    assert (folder / "sub").stat().st_mode & 0o777 == 0o755


def test_other_bytes_are_rejected_and_leave_nothing(source, get, cached):
    source.content = b"others!"
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"sha256: s3://models/fraud/model.onnx has the chec"):
            get(sha256=PIN)
        assert cached() == set()
    source.content = b"weights"
    assert get(sha256=PIN).sha256 == PIN


def test_what_is_not_pinned_is_fetched_each_time(source, get):
    first = get()
    source.content = b"newer one"
    second = get()
    assert (first.sha256, second.path.read_bytes()) == (PIN, b"newer one")
    source.error = UnavailableError("down")
    with pytest.raises(UnavailableError):
        get()


def test_revision_of_the_hub_is_a_pin(source, get):
    found = get(f"hf:acme/fraud@{REVISION}/model.onnx")
    source.error = UnavailableError("down")
    assert get(f"hf:acme/fraud@{REVISION}/model.onnx") == found
    with pytest.raises(UnavailableError):
        get("hf:acme/fraud@main/model.onnx")


def test_what_was_kept_with_a_checksum_is_no_pin_without_it(source, get):
    """A folder that was fetched with pickles is fetched again once they are not allowed."""
    uri = f"hf:acme/fraud@{REVISION}/model.pkl"
    get(uri, sha256=PIN, allow_pickle=True)
    source.error = UnavailableError("down")
    with pytest.raises(UnavailableError):
        get(uri)


def test_user_without_a_home_is_told_what_to_set(get, monkeypatch):
    def no_home(_):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("pathlib.Path.expanduser", no_home)
    with pytest.raises(ConfigError, match=r"model\.artifact\.cache_dir: must be set"):
        get(cache_dir=None)


def test_damaged_entry_is_fetched_again(source, get):
    found = get(sha256=PIN)
    found.path.chmod(0o644)
    found.path.write_bytes(b"damaged")
    assert get(sha256=PIN).path.read_bytes() == b"weights"
    assert source.fetched == 2
    folder = get("s3://models/fraud/", sha256=get("s3://models/fraud/").sha256).path
    (folder / "sub/model.onnx").unlink()
    pin = folder.parent.name
    assert checksum(get("s3://models/fraud/", sha256=pin).path) == pin


@pytest.mark.parametrize("error", [UnavailableError("down"), ConfigError("wrong"), OSError("full")])
def test_failed_download_leaves_nothing(source, get, cached, error):
    source.error = error
    with pytest.raises((UnavailableError, ConfigError)):
        get(sha256=PIN)
    assert cached() == set()


def test_incomplete_download_is_never_seen(source, get, tmp_path, cached):
    source.goes_on.clear()
    with ThreadPoolExecutor() as threads:
        result = threads.submit(get, sha256=PIN)
        until(lambda: source.fetched and len(cached()) == 1)
        assert not (tmp_path / "cache" / PIN).exists()
        source.goes_on.set()
        assert result.result().path.read_bytes() == b"weights"


@pytest.mark.skipif(sys.platform == "win32", reason="each process fetches by itself")
def test_second_process_waits_and_takes_what_the_first_has_fetched(source, get, caplog):
    caplog.set_level(logging.INFO)
    source.goes_on.clear()
    with ThreadPoolExecutor() as threads:  # locks are of open files, so threads are like processes
        results = [threads.submit(get, sha256=PIN) for _ in range(2)]
        until(lambda: "Waiting for another process" in caplog.text)
        source.goes_on.set()
        assert len({result.result() for result in results}) == 1
    assert source.fetched == 1


@pytest.mark.skipif(sys.platform == "win32", reason="each process fetches by itself")
def test_leftovers_of_a_killed_process_are_removed(get, tmp_path):
    get(sha256=PIN)
    key = hashlib.sha256(URI.encode()).hexdigest()
    left = tmp_path / "cache" / f"{key}-abc.part"
    left.mkdir()
    get()
    assert not left.exists()


def test_system_without_locks_still_fetches_whole_artifacts(get, monkeypatch):
    if sys.platform != "win32":

        def fail(*_):
            raise OSError("no locks available")

        monkeypatch.setattr("fcntl.flock", fail)
    assert get(sha256=PIN).sha256 == PIN


def test_too_large_an_artifact_is_rejected_before_it_is_fetched(get, cached):
    with pytest.raises(ConfigError, match="has 7 bytes or more, "):
        get(max_bytes=6)
    assert cached() == set()


def test_download_is_limited_by_what_its_source_declares_and_by_what_it_sends():
    limit = Download(URI, max_bytes=10)
    with pytest.raises(ConfigError, match="has 11 bytes or more"):
        limit.expect(11)
    limit.expect(5)
    limit.add(10)
    with pytest.raises(ConfigError, match="max_bytes"):
        limit.add(1)


def test_long_download_is_logged(get, monkeypatch, caplog, tmp_path):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(download, "LOG_EVERY_S", 0)
    get()
    assert "Fetching s3://models/fraud/model.onnx: 0.0 MB of 0.0 MB" in caplog.text
    monkeypatch.setattr(download, "LOG_EVERY_S", 0.01)
    (tmp_path / "watched").write_bytes(b"x" * 1_500_000)
    with Download("hf:acme/fraud@main", 10).watch(tmp_path):
        until(lambda: "Fetching hf:acme/fraud@main: 1.5 MB of" in caplog.text)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions differ")
def test_folder_that_cannot_be_written_is_named(get, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cache_dir: cannot write to \S+file: File exists"):
        get(cache_dir="file")


def test_cache_is_by_default_the_users(get, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert get(cache_dir=None).path == tmp_path / f"xdg/model-artifacts/{PIN}/model.onnx"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    expected = tmp_path / f"home/.cache/model-artifacts/{PIN}/model.onnx"
    assert sys.platform == "win32" or get(cache_dir=None).path == expected
