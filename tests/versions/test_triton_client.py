"""Triton's client loads and unloads what is configured, and nothing else."""

import json
import subprocess
from pathlib import Path

import pytest

from tools.conformance import ensure_conformance

SCRIPT = Path(__file__).with_name("triton_client.py")
CONFIG = SCRIPT.with_name("generations.yaml").read_text("utf-8")
CONFIG = CONFIG.replace('shares: {"1": 50, "2": 50}', 'serve: "1"')
OTHER = '  other: {implementation: "dummy_model:DummyModel"}\n'
READY = {"m 1": ["READY", ""], "m 2": ["READY", ""], "other 1.0.0": ["READY", ""]}
SERVED = {"index": READY, "ready": [True, True, True, False], "live": True}
GONE = ["UNAVAILABLE", "unloaded"]


def drive(service):
    """Run the script; return what the client got."""
    command = [ensure_conformance() / "python", SCRIPT, service.url, "m"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def seen(serve, tmp_path_factory):
    file = tmp_path_factory.mktemp("triton") / "config.yaml"
    file.write_text(CONFIG.replace("repository:", f"{OTHER}repository:"), "utf-8")
    with serve(file) as service:
        return drive(service)


def generations(step):
    """Return the generations that predicted: by share, and by each version; check the versions."""
    by_share, one, two = step["predictions"]
    assert by_share == one, "version 1 has all requests"
    assert [one[0], two[0]] == ["1", "2"] == [one[1].split()[0], two[1].split()[0]]
    return [int(prediction.split()[1]) for _, prediction in (one, two)]


def test_client_sees_versions_and_infers_with_each(seen):
    assert SERVED.items() <= seen["start"].items()
    assert generations(seen["start"])
    assert (seen["metadata"]["name"], seen["metadata"]["versions"]) == ("m", ["2"])


@pytest.mark.parametrize(
    ("what", "status", "reason"),
    [
        ("config", "400", "The only supported parameter is version"),
        ("files", "400", "The only supported parameter is version"),
        ("unknown", "404", "There is no model none"),
        ("unknown to unload", "404", "There is no model none"),
        ("version", "404", "m, version 1 or 2"),
    ],
)
def test_what_is_not_configured_is_refused_with_a_reason(seen, what, status, reason):
    got, message = seen["refused"][what]
    assert got == status
    assert reason in message


def test_refusals_change_nothing(seen):
    assert seen["after"] == seen["start"], "state and generation of each version"


def test_model_is_loaded_anew(seen):
    assert SERVED.items() <= seen["reloaded"].items()
    assert min(generations(seen["reloaded"])) > max(generations(seen["start"]))


def test_model_is_unloaded_and_loaded_again(seen):
    unloaded = seen["unloaded"]
    assert unloaded["index"] == {**READY, "m 1": GONE, "m 2": GONE}
    assert unloaded["ready"] == [False] * 4
    assert unloaded["live"], "the other model still predicts"
    assert [status for status, _ in unloaded["errors"]] == ["404"] * 2
    assert all("is unloaded" in message for _, message in unloaded["errors"])
    assert SERVED.items() <= seen["loaded"].items()
    assert min(generations(seen["loaded"])) > max(generations(seen["reloaded"]))


def test_client_can_change_nothing_by_default(serve, tmp_path):
    (tmp_path / "config.yaml").write_text(CONFIG.replace("explicit", "none"), "utf-8")
    with serve(tmp_path / "config.yaml") as service:
        code = (
            "import sys; from tritonclient.http import InferenceServerClient as Client;"
            "Client(sys.argv[1]).load_model('m')"
        )
        url = service.url.removeprefix("http://")
        done = subprocess.run(
            [ensure_conformance() / "python", "-c", code, url], capture_output=True, text=True
        )
        assert "[404]" in done.stderr
