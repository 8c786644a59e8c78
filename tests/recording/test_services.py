"""Services that record: every route, streams, workers, versions, the end, Git and Docker."""

import json
import os
import re
import shutil
import signal
import subprocess
from urllib.request import Request, urlopen

import pytest

from tests.faults.client import Client, post
from tests.faults.process import metric, wait_for
from tests.support.suite import add_suite
from tools.service import stop

WORDS = {"model": {"implementation": "words_model:WordsModel"}}
INFER = {"inputs": [{"name": "input", "datatype": "BYTES", "shape": [2], "data": ["a b", "c"]}]}
VERSIONS = {
    "models": {
        "words": {
            "shares": {"1": 50, "2": 50},
            "sticky_header": "X-User",
            "shadow": {"3": 1},
            "versions": {
                "1": {"options": {"before": "one-"}},
                "2": {"options": {"before": "two-"}},
                "3": {"options": {"before": "three-"}},
            },
        }
    },
    "model": {"name": "words", "implementation": "words_model:WordsModel"},
}


def flat(read):
    return [record for records in read().values() for record in records]


def values(read):
    return [(record["input"], record["output"], record.get("error")) for record in flat(read)]


def binary(text):
    """Return a request of the protocol whose tensor is binary, and its headers."""
    data = len(text).to_bytes(4, "little") + text.encode()
    tensor = {"name": "input", "datatype": "BYTES", "shape": [1]}
    tensor["parameters"] = {"binary_data_size": len(data)}
    head = json.dumps({"inputs": [tensor]}).encode()
    return head + data, {"Inference-Header-Content-Length": str(len(head))}


def test_every_route_that_predicts_is_recorded_once(serve, read):
    with serve(WORDS) as service:
        assert post(service, "/predict", {"input": "a"}).status == 200
        assert service.request("/predict?input=b", method="POST")[0] == 200
        assert post(service, "/predict/batch", {"inputs": ["c d", "e"]}).status == 200
        assert post(service, "/v2/models/words/infer", INFER).status == 200
        content, headers = binary("g h")
        headers["Content-Type"] = "application/octet-stream"
        url = f"{service.url}/v2/models/words/infer"
        with urlopen(Request(url, content, headers), timeout=60) as response:
            assert response.status == 200
        body = {"text_input": "i j"}
        assert post(service, "/v2/models/words/generate", body).status == 200
        assert post(service, "/v2/models/words/generate_stream", body).status == 200
        assert post(service, "/predict/stream", {"input": "k l"}).status == 200
        wait_for(lambda: len(flat(read)) == 10)
    texts = ["a", "b", "c d", "e", "a b", "c", "g h", "i j"]
    whole = [(text, " ".join(text.split()), None) for text in texts]
    streams = [("i j", ["i", " j"], None), ("k l", ["k", " l"], None)]
    assert sorted(values(read), key=str) == sorted([*whole, *streams], key=str)
    assert all(re.fullmatch("[0-9a-f]{32}", record["request_id"]) for record in flat(read))


def test_stream_that_fails_is_recorded_as_far_as_it_came(serve, read):
    with serve(WORDS, LOG_INPUTS="false") as service:
        post(service, "/predict/stream", {"input": "a b fail c"})
        wait_for(lambda: flat(read))
        assert values(read) == [("a b fail c", ["a", " b"], "PredictionError")]
        assert "a b fail c" not in service.log.read_text("utf-8")


def test_stream_whose_client_disconnects_is_recorded(serve, read):
    text = "word " * 100_000
    with serve(WORDS, RECORDING__MAX_VALUE_BYTES=10_000_000) as service:
        with Client(service) as client:
            body = json.dumps({"input": text}).encode()
            head = "POST /predict/stream HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            client.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            assert client.socket.recv(100).startswith(b"HTTP/1.1 200")
        wait_for(lambda: flat(read))
    (record,) = flat(read)
    assert record["error"] == "Disconnected"
    assert 1 <= len(record["output"]) < 100_000


def test_long_stream_is_left_out_with_its_size(serve, read):
    with serve(WORDS, RECORDING__MAX_VALUE_BYTES=50) as service:
        for text in ("a " * 9, "b " * 20):
            assert post(service, "/predict/stream", {"input": text}).status == 200
        wait_for(lambda: len(flat(read)) == 2)
    short, long = flat(read)
    assert len(short["output"]) == 9
    assert (long["output"], long["omitted"]) == (None, {"output": 4 + 19 * 5 + 1})


def test_each_worker_has_files_of_its_own_and_metrics_count_the_records_of_all(serve, read):
    with serve(HARDENING__WORKERS=2) as service:

        def both():
            assert post(service, "/predict", {"input": "good"}).status == 200
            return len(read()) == 2

        wait_for(both)
        written = 'recordings_total{model="dummy_classifier",result="written",version="1.0.0"}'
        wait_for(lambda: metric(service, written) == len(flat(read)))


def test_last_records_are_written_before_the_process_ends(serve, read):
    with serve() as service:
        for number in range(300):
            post(service, "/predict", {"input": f"{number}"})
        os.kill(service.process.pid, signal.SIGTERM)
        service.process.wait(60)
        assert [record["input"] for record in flat(read)] == [f"{n}" for n in range(300)]


def test_record_has_the_version_that_responded_and_shadows_are_not_recorded(serve, read):
    with serve(VERSIONS) as service:
        for number in range(40):
            path = "/predict" if number % 2 else "/models/words/predict"
            post(service, path, {"input": "x"}, **{"X-User": f"{number}"})
        wait_for(lambda: metric(service, 'shadow_predictions_total{result="different"}') == 40)
        wait_for(lambda: len(flat(read)) == 40)
        post(service, "/v2/models/words/versions/3/infer", INFER)
        wait_for(lambda: len(flat(read)) == 42)
    *of_clients, named, _ = [(record["version"], record["output"]) for record in flat(read)]
    assert {*of_clients} == {("1", "one-x"), ("2", "two-x")}
    assert named == ("3", "three-a three-b")


def test_versions_that_are_loaded_later_are_recorded(serve, read, tmp_path):
    with serve(WORDS) as service:
        post(service, "/predict", {"input": "a"})
        config = {"model": {**WORDS["model"], "options": {"before": "new-"}}}
        (tmp_path / "config.yaml").write_text(json.dumps(config), "utf-8")
        os.kill(service.process.pid, signal.SIGHUP)
        wait_for(lambda: "Reloaded the settings" in service.log.read_text("utf-8"))
        post(service, "/predict", {"input": "a"})
        wait_for(lambda: len(flat(read)) == 2)
    assert [output for _, output, _ in values(read)] == ["a", "new-a"]
    assert len(read()) == 1
    assert len([*(tmp_path / "recordings").glob("predictions-*")]) == 1


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"RECORDING__PATH": "/proc/none"}, "recording.path: no files can be written in /proc/n"),
        ({"RECORDING__REDACT": "none:redact"}, "recording.redact: none:redact: Cannot import"),
        ({"RECORDING__SAMPLE": "2"}, "environment RECORDING__SAMPLE: recording.sample: "),
    ],
)
def test_wrong_setting_ends_the_start_with_its_name(project, commands, variables, problem):
    env = {"PATH": os.environ["PATH"], "RECORDING__SAMPLE": "1", "API_PORT": "0"}
    done = subprocess.run(
        [commands / "python", "src/main.py"],
        cwd=project, env=env | variables, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 78, done
    assert problem in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_git_and_docker_leave_the_records_out(project, commands, tmp_path):
    folder = tmp_path / "project"
    shutil.copytree(project, folder)
    env = {"PATH": os.environ["PATH"], "RECORDING__SAMPLE": "1", "API_PORT": "0"}
    (folder / "log").touch()
    process = subprocess.Popen(
        [commands / "python", "src/main.py"],
        cwd=folder, env=env, stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        wait_for(lambda: (folder / "recordings/.gitignore").is_file())
    finally:
        stop(process)
    (folder / "recordings/predictions-1.jsonl").write_text("{}\n")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    listing = ["git", "ls-files", "--others", "--exclude-standard"]
    seen = subprocess.run(listing, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert "src/main.py" in seen
    assert "recordings" not in seen
    first, *allowed = [
        line
        for line in (folder / ".dockerignore").read_text("utf-8").splitlines()
        if not line.startswith("#")
    ]
    assert first == "*"
    assert not any("recordings" in line or "reports" in line for line in allowed)


def test_suite_passes_with_the_features_that_it_works_with(project, tool, tmp_path):
    folder = tmp_path / "project"
    shutil.copytree(project, folder)
    add_suite(folder)
    tool(folder, "pytest", "-q", "-p", "no:cacheprovider", "tests/engine/suite/recording")
