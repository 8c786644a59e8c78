"""Artifacts in the Hugging Face Hub, with a copy of it: by revision, offline, without pickles."""

import pytest

from tests.artifacts.hub import REVISION
from tests.artifacts.test_object_stores import until

FILES = {
    "config.json": b"{}",
    "onnx/model.onnx": b"weights",
    "openvino_model.bin": b"numbers",
    "pytorch_model.bin": b"\x80\x04.",
    "scaler.pkl.gz": b"\x1f\x8b",
    "training_args.pt": b"\x80\x04.",
}


@pytest.fixture
def hub(hub):
    hub.files = dict(FILES)
    return hub


def test_file_is_loaded_and_then_needs_no_network(hub, loaded):
    uri = f"hf:acme/fraud@{REVISION}/onnx/model.onnx"
    assert loaded(uri, ENVIRONMENT="production") == {"model.onnx": "weights"}
    hub.status = 503
    hub.requests.clear()
    assert loaded(uri) == {"model.onnx": "weights"}
    assert loaded(uri, HF_HUB_OFFLINE=1) == {"model.onnx": "weights"}
    assert hub.requests == []


def test_repository_is_loaded_without_pickles(hub, loaded):
    found = loaded(f"hf:acme/fraud@{REVISION}")
    kept = {"config.json": "{}", "onnx/model.onnx": "weights", "openvino_model.bin": "numbers"}
    assert found == kept
    assert not [path for path in hub.requests if path.endswith((".gz", ".pt"))]


def test_branch_is_not_pinned(hub, loaded, rejected):
    assert loaded("hf:acme/fraud@main/config.json") == {"config.json": "{}"}
    hub.files["config.json"] = b"{1}"
    assert loaded("hf:acme/fraud@main/config.json") == {"config.json": "{1}"}
    problem = rejected("hf:acme/fraud@main/config.json", ENVIRONMENT="production")
    assert "must be set when environment is production" in problem


@pytest.mark.parametrize(
    ("uri", "settings", "expected"),
    [
        ("hf:acme/none@main", {}, "401"),
        ("hf:acme/fraud@old", {}, "404"),
        ("hf:acme/fraud@main/none.onnx", {}, "there is no such file"),
        ("hf:acme/fraud@main/onnx/model.onnx", {"max_bytes": 6}, "max_bytes"),
        ("hf:acme/fraud@main/onnx/model.onnx", {"sha256": "0" * 64}, "has the checksum"),
        ("hf:acme/fraud@main/pytorch_model.bin", {}, "runs code"),
        ("hf:acme/fraud@main", {"HF_HUB_OFFLINE": 1}, "HF_HUB_OFFLINE is set"),
    ],
)
@pytest.mark.usefixtures("hub")
def test_what_cannot_be_fetched_ends_the_start(rejected, uri, settings, expected):
    assert expected in rejected(uri, **settings)


def test_service_gets_ready_once_the_hub_responds(hub, serve):
    hub.status = 503
    with serve("hf:acme/fraud@main/config.json", ready="/health") as service:
        until(lambda: "The artifact is not available" in service.log.read_text())
        assert service.request("/ready")[0] == 503
        hub.status = None
        until(lambda: service.request("/ready")[0] == 200)
    assert "Traceback" not in service.log.read_text()
