"""Artifacts that must not be loaded: the start ends with code 78 and one line that says why."""

import hashlib
import os
import pickle
import signal
import zipfile

import pytest

CONTENT = b"the weights of a model"
PIN = hashlib.sha256(CONTENT).hexdigest()
OTHER = "0" * 64


@pytest.fixture(scope="session")
def artifacts(project):
    folder = project / "artifacts"
    (folder / "linked").mkdir(parents=True)
    (folder / "model.skops").write_bytes(CONTENT)
    (folder / "truncated.skops").write_bytes(CONTENT[:5])
    (project.parent / "secret.skops").write_bytes(b"secret")
    (folder / "link.skops").symlink_to("../../secret.skops")
    (folder / "linked/model.safetensors").write_bytes(b"abc")
    (folder / "linked/vocab.txt").symlink_to("/etc/passwd")
    (folder / "model.pkl").write_bytes(pickle.dumps({}))
    with zipfile.ZipFile(folder / "bomb.skops", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", "x" * 50_000_000)
    os.mkfifo(folder / "pipe.skops")
    return folder


LOCAL = {
    "wrong checksum": ("artifacts/model.skops", {"sha256": OTHER}, f"has the checksum {PIN}"),
    "truncated": ("artifacts/truncated.skops", {"sha256": PIN}, "has the checksum"),
    "link to the outside": ("artifacts/link.skops", {}, "leads outside"),
    "traversal": ("../secret.skops", {}, "must be below the project's folder"),
    "absolute": ("/etc/passwd", {}, "must be below the project's folder"),
    "missing": ("artifacts/none.skops", {}, "there is no file or folder"),
    "pickle without consent": ("artifacts/model.pkl", {"sha256": OTHER}, "runs code"),
    "consent without checksum": ("artifacts/model.pkl", {"allow_pickle": True}, "needs sha256"),
    "archive that grows": ("artifacts/bomb.skops", {"max_bytes": 10_000_000}, "decompressed"),
    "folder with a link": ("artifacts/linked", {}, "leads outside"),
    "pipe": ("artifacts/pipe.skops", {}, "neither a file nor a folder"),
    "ftp": ("ftp://h/model.skops", {}, "must be a path below the project's folder"),
    "metadata service": ("http://169.254.169.254/latest/m.skops", {}, "use https:"),
    "not pinned": ("artifacts/model.skops", {"ENVIRONMENT": "production"}, "must be set when"),
    "host without a name": ("https:///model.skops", {}, "must be as https://"),
}


@pytest.mark.usefixtures("artifacts")
@pytest.mark.parametrize("case", LOCAL)
def test_start_ends_in_one_line(rejected, case):
    uri, settings, expected = LOCAL[case]
    assert expected in rejected(uri, **settings)


def test_other_bytes_in_a_store_are_rejected(store, rejected):
    uri = store.put("model.skops", CONTENT)
    assert f"has the checksum {PIN}" in rejected(uri, sha256=OTHER)


@pytest.mark.parametrize("name", ["none.skops", "none/"])
def test_missing_object_is_named(store, rejected, name):
    uri = f"s3://{store.bucket}/{name}"
    assert f"{uri}: there " in rejected(uri)


def test_missing_bucket_is_named(store, rejected):
    assert "404" in rejected("s3://no-such-bucket/folder/", AWS_ENDPOINT_URL=store.url)


def test_too_large_an_object_is_not_fetched(store, rejected):
    uri = store.put("model.skops", CONTENT)
    assert "max_bytes" in rejected(uri, max_bytes=len(CONTENT) - 1)
    store.put("folder/a", CONTENT)
    store.put("folder/b", CONTENT)
    before = len(store.fetched)
    assert "max_bytes" in rejected(f"s3://{store.bucket}/folder/", max_bytes=len(CONTENT) + 1)
    assert len(store.fetched) == before


@pytest.mark.parametrize("status", [401, 403])
def test_denied_access_is_named(store, rejected, status):
    store.status = status
    assert "access is denied" in rejected(f"s3://{store.bucket}/model.skops")


def test_store_that_does_not_respond_is_waited_for(serve):
    """Alive, not ready, one line for each attempt; and the process still ends when told."""
    with serve(
        "s3://models/model.skops", ready="/health", AWS_ENDPOINT_URL="http://127.0.0.1:9"
    ) as service:
        while "The artifact is not available, next attempt in 2 s" not in service.log.read_text():
            assert service.process.poll() is None
        assert service.request("/ready")[0] == 503
    assert service.process.returncode in {0, -signal.SIGTERM}
    assert "Traceback" not in service.log.read_text()
