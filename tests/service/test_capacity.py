"""The capacity that the rendered load test finds, of a server whose capacity is known."""

import json
import re
import subprocess
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

MODEL = {"properties": {"input": {"type": "string"}}}
DOCUMENT = {"components": {"schemas": {"PredictRequest": MODEL}}}
SECONDS = 0.02  # of a prediction; one at a time


class Handler(BaseHTTPRequestHandler):
    """Predicts one input at a time; each response ends its connection."""

    failing = False

    def do_GET(self):
        self.send(200, DOCUMENT)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(SECONDS)
        self.send(500 if self.failing else 200, {})

    def send(self, status, value):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *_):
        pass


class Failing(Handler):
    failing = True


@pytest.fixture
def measure(render, commands):
    def run(handler, seconds):
        with HTTPServer(("127.0.0.1", 0), handler) as server:
            server.socket.listen(1000)
            Thread(target=server.serve_forever, daemon=True).start()
            done = subprocess.run(
                [
                    *(commands / "python", "-m", "locust", "--headless", "--users=1"),
                    *("--only-summary", "--locustfile=tests/performance/capacity.py"),
                    f"--host=http://127.0.0.1:{server.server_port}",
                ],
                cwd=render(preset="production"),
                env={"PATH": "/usr/bin:/bin", "CAPACITY_STEP_SECONDS": seconds},
                capture_output=True,
                text=True,
            )
            server.shutdown()
        return done.returncode, done.stdout + done.stderr

    return run


def test_capacity_is_that_of_the_server_though_each_response_alone_is_fast(measure):
    code, output = measure(Handler, "3")
    assert code == 0, output
    capacity = int(re.search(r"Capacity of one process: (\d+) predictions a second", output)[1])
    assert 0.3 / SECONDS <= capacity <= 1.2 / SECONDS, output
    broken = re.findall(r"^ *(\d+)/s .*? ([\d.]+) ms", output, re.MULTILINE)
    assert max(float(latency) for rate, latency in broken if int(rate) > capacity) > 200


def test_requests_that_fail_break_the_first_step(measure):
    code, output = measure(Failing, "0.5")
    assert code == 1
    assert "Capacity of one process: 0 predictions a second" in output
