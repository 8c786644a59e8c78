"""Artifacts in object stores, with a real S3 server: cached, whole, fetched once."""

import hashlib
import os
import signal
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from tests.artifacts.server import Server, respond

CONTENT = b"the weights of a model" * 1000
PIN = hashlib.sha256(CONTENT).hexdigest()


def until(condition):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kept(variables):
    """The names of what is in the cache, without locks."""
    cache = Path(variables["HOME"]) / ".cache/model-artifacts"
    return sorted(path.name for path in cache.iterdir() if path.suffix not in {".lock", ".pin"})


def test_object_is_loaded_and_then_needs_no_network(store, loaded, variables):
    uri = store.put("fraud/a model.onnx", CONTENT)
    assert loaded(uri, sha256=PIN) == {"a_model.onnx": CONTENT.decode()}
    store.status = 503
    assert loaded(uri, sha256=PIN) == {"a_model.onnx": CONTENT.decode()}
    assert store.fetched == ["fraud/a model.onnx"]
    assert kept(variables) == [PIN]


def test_folder_is_loaded(store, loaded):
    for name in ("fraud/a.json", "fraud/sub/b.txt", "fraud/empty", "fraudulent"):
        store.put(name, b"" if name.endswith("empty") else b"{}")
    store.put("fraud/", b"")  # as consoles make folders
    store.put("fraud/sub/", b"")
    found = loaded(f"s3://{store.bucket}/fraud/")
    assert found == {"a.json": "{}", "empty": "", "sub/b.txt": "{}"}


def test_moved_object_is_noticed(store, loaded, rejected):
    """Without a pin a start takes what is there; a pin is never satisfied by other bytes."""
    uri = store.put("model.onnx", CONTENT)
    assert loaded(uri)["model.onnx"] == CONTENT.decode()
    store.put("model.onnx", b"newer")
    assert loaded(uri)["model.onnx"] == "newer"
    assert "has the checksum" in rejected(uri, sha256="0" * 64)
    assert loaded(uri, sha256=PIN)["model.onnx"] == CONTENT.decode(), "of the first start"


def test_folder_that_moves_meanwhile_is_not_a_mixture(store, loaded):
    def move(name):
        if name == "fraud/a" and len(store.fetched) == 1:
            store.put("fraud/b", b"new")

    store.before = move
    store.put("fraud/a", b"old")
    store.put("fraud/b", b"old")
    assert loaded(f"s3://{store.bucket}/fraud/")["b"] == "new"
    assert store.fetched[:2] == ["fraud/a", "fraud/b"]
    assert store.fetched.count("fraud/a") > 1, "the whole folder again"


def test_two_processes_fetch_once(store, serve):
    uri = store.put("model.onnx", CONTENT)
    store.goes_on.clear()
    with serve(uri, sha256=PIN, ready="/health", log="1.log") as first:
        until(lambda: store.fetched)
        with serve(uri, sha256=PIN, ready="/health", log="2.log") as second:
            until(lambda: "Waiting for another process" in second.log.read_text())
            store.goes_on.set()
            for service in (first, second):
                until(lambda service=service: service.request("/ready")[0] == 200)
    assert store.fetched == ["model.onnx"]


def test_process_that_is_killed_leaves_nothing_that_is_loaded(store, serve, loaded, variables):
    uri = store.put("model.onnx", CONTENT)
    store.goes_on.clear()
    with serve(uri, sha256=PIN, ready="/health") as service:
        until(lambda: store.fetched)
        until(lambda: any(name.endswith(".part") for name in kept(variables)))
        os.killpg(service.process.pid, signal.SIGKILL)
        service.process.wait()
    store.goes_on.set()
    assert loaded(uri, sha256=PIN) == {"model.onnx": CONTENT.decode()}
    assert kept(variables) == [PIN]


def test_service_gets_ready_once_its_store_responds(store, serve):
    uri = store.put("model.onnx", CONTENT)
    store.status = 503
    with serve(uri, sha256=PIN, ready="/health") as service:
        until(lambda: "The artifact is not available" in service.log.read_text())
        assert service.request("/ready")[0] == 503
        assert service.request("/health")[0] == 200
        store.status = None
        until(lambda: service.request("/ready")[0] == 200)
    assert "Traceback" not in service.log.read_text()


class Site(Server):
    """A site with one file, encrypted."""

    scheme = "https"

    def __init__(self, certificate, key):
        super().__init__()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)

    def handle(self, request):
        """Return the file, or lead to the metadata service."""
        if request.path == "/a%20model.onnx":
            respond(request, 200, CONTENT)
        elif request.path == "/moved.onnx":
            respond(request, 302, Location="http://169.254.169.254/latest/meta-data/")
        else:
            respond(request, 404)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site whose certificate an authority of its own has signed; and that authority's file."""
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    for command in (
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority",
        "req -newkey rsa:2048 -nodes -keyout key.pem -out request -subj /CN=site",
        "x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names "
        "-out certificate.pem",
    ):
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    with Site(folder / "certificate.pem", folder / "key.pem") as site:
        yield site.url, folder / "ca.pem"


def test_file_of_a_site_is_loaded(site, loaded):
    url, authority = site
    found = loaded(f"{url}/a%20model.onnx", sha256=PIN, SSL_CERT_FILE=authority)
    assert found == {"a_20model.onnx": CONTENT.decode()}


def test_site_that_must_not_be_used_ends_the_start(site, rejected):
    url, authority = site
    assert "certificate is not trusted" in rejected(f"{url}/a%20model.onnx")
    trusted = {"SSL_CERT_FILE": authority}
    assert "is not encrypted" in rejected(f"{url}/moved.onnx", **trusted)
    assert "there is no such object" in rejected(f"{url}/none.onnx", **trusted)
