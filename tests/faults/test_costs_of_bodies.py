"""Row 38: costs of a body beyond its bytes: time of the loop, memory, lines of a response.

Times are processor times between two iterations of the event loop (`models/watched_model.py`).
"""

import gzip
import json
import re
import struct

import pytest

from . import hostile_shapes as shapes
from .client import get, post
from .process import forget_peak, log_lines, memory, peak_memory, wait_for

SIZE = 9_990_000
BLOCKED_S, BLOCKED_S_OF_MINIMAL = 0.25, 1.0
NOISE_MB = 15
INFER = "/v2/models/watched/infer"
GENERATE = "/v2/models/watched/generate"
ROUTES = {
    "/predict": shapes.PREDICT,
    "/predict?x=1": shapes.PREDICT,  # FastAPI's own handler serves
    "/predict/batch": shapes.BATCH,
    "/predict/stream": shapes.PREDICT,
    INFER: shapes.INFER,
    GENERATE: shapes.GENERATE,
    f"{GENERATE}_stream": shapes.GENERATE,
}
# One of each kind, where all of them would take minutes.
SOME = [
    "many empty arrays",
    "many names",
    "many integers that differ",
    "deep arrays",
    "a long text",
]
NO_CACHE = {"MODEL__CACHE_SIZE": 0}
MILLION = [number / 8 for number in range(10**6)]


def costs(service, path, body, **headers):
    """Send a body; return the response, the longest iteration in seconds, and memory in MB."""
    number, before = len(log_lines(service, "blocked")), memory(service.process.pid)
    forget_peak(service.process.pid)
    answer = post(service, path, body, **headers)
    marks = len(log_lines(service, "Rejected POST /mark"))
    post(service, "/mark", b"")  # the line of a long iteration precedes that of this one
    wait_for(lambda: len(log_lines(service, "Rejected POST /mark")) > marks)
    lines = log_lines(service, "blocked")[number:]
    turns = [float(re.findall(r"blocked (\S+)", line)[0]) for line in lines]
    return answer, max(turns, default=0.0), peak_memory(service.process.pid) - before


def quickest(service, body, **headers):
    """Send a tensor that is served; return its longest iteration in seconds, the least of three."""
    tries = [costs(service, INFER, body, **headers) for _ in range(3)]
    assert {answer.status for answer, _, _ in tries} == {200}
    return min(turn for _, turn, _ in tries)


def faults(service, path, bodies, blocked_s):
    """Send bodies; return those that cost too much, in one of three tries, or fail in a bad way."""
    wrong = {}
    for name, (body, plain_size, headers) in bodies.items():
        for _ in range(3):
            answer, turn, grown = costs(service, path, body, **headers)
            fair = answer.status < 500 and (answer.status == 200 or len(answer.body) <= 2048)
            if fair and turn < blocked_s and grown < 10 * plain_size / 1e6 + NOISE_MB:
                break
        else:
            wrong[name] = f"{answer.status}, {turn} s, {grown:.0f} MB, {answer.body[:99]!r}"
    assert get(service, "/health").status == 200
    return wrong


def made(table, names=None):
    """Make bodies, each plain and compressed."""
    bodies = {}
    for name in names or table:
        body, headers = table[name](SIZE), {}
        if isinstance(body, tuple):
            body, headers = body
        bodies[name] = (body, len(body), headers)
        zipped = {**headers, "content_encoding": "gzip"}
        bodies[f"{name}, compressed"] = (gzip.compress(body, 1), len(body), zipped)
    return bodies


@pytest.fixture(scope="module")
def watched(serve):
    with serve("watched_model:Watched", **NO_CACHE) as service:
        yield service


@pytest.fixture(scope="module")
def numbers(serve):
    with serve("watched_model:Numbers", **NO_CACHE) as service:
        yield service


def test_there_are_at_least_forty_shapes():
    assert len(shapes.VALUES) >= 40
    assert min(map(len, (shapes.PREDICT, shapes.BATCH, shapes.INFER, shapes.GENERATE))) >= 40


@pytest.mark.row(38)
@pytest.mark.parametrize("path", ROUTES)
def test_ten_megabytes_of_some_shapes_cost_no_more_than_their_bytes(watched, path):
    assert not faults(watched, path, made(ROUTES[path], SOME), BLOCKED_S)


@pytest.mark.long
@pytest.mark.row(38)
@pytest.mark.parametrize(
    ("model", "path"),
    [
        *(("Watched", path) for path in ROUTES),
        *((model, path) for model in ("Sum", "Rows", "Texts") for path in ("/predict", INFER)),
    ],
)
def test_ten_megabytes_of_any_shape_cost_no_more_than_their_bytes(serve, model, path):
    with serve(f"watched_model:{model}", **NO_CACHE) as service:
        assert not faults(service, path, made(ROUTES[path]), BLOCKED_S)


@pytest.mark.row(38)
def test_ten_megabytes_of_binary_elements_cost_no_more_than_their_bytes(numbers):
    assert not faults(numbers, INFER, made(shapes.BINARY), BLOCKED_S)


@pytest.mark.row(38)
@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
@pytest.mark.parametrize("names", [SOME, pytest.param(None, marks=pytest.mark.long)])
def test_minimal_is_not_blocked_for_a_second(minimal, path, names):
    with minimal("watched_model:Sum", **NO_CACHE) as service:
        bodies = {
            name: body for name, body in made(ROUTES[path], names).items() if "compr" not in name
        }
        assert not faults(service, path, bodies, BLOCKED_S_OF_MINIMAL)


@pytest.mark.row(38)
def test_many_names_within_the_bounds_are_not_listed(minimal, numbers):
    body = shapes.PREDICT["many names beside the input"](1_900_000)
    for path in ("/predict", "/predict?x=1"):
        answer, turn, _ = costs(numbers, path, body)
        assert (answer.status, turn < BLOCKED_S) == (422, True)
    with minimal("watched_model:Numbers", **NO_CACHE) as service:
        answer, turn, _ = costs(service, "/predict", body)
        assert (answer.status, turn < BLOCKED_S_OF_MINIMAL) == (422, True)


def honest():
    """Return bodies that a client may well send, by the model that takes them."""
    pixels = [[x % 256, y % 256, 7] for y in range(224) for x in range(224)]
    text = 'He said, "it\'s {well}: [1,2]", and left.\\ ' * 200_000
    return {
        "Numbers": [{"input": MILLION}],
        "Rows": [
            {"input": [[pixel % 256 for pixel in range(784)]] * 1000},
            {"input": pixels},
        ],
        "Watched": [{"input": text[:9_000_000]}, {"input": "QUJD" * 1_750_000}],
        "Texts": [{"input": [f"a short text, {number}" for number in range(100_000)]}],
    }


@pytest.mark.row(38)
@pytest.mark.parametrize("preset", ["production", "minimal"])
@pytest.mark.parametrize("model", ["Numbers", "Rows", "Watched", "Texts"])
def test_large_bodies_of_honest_clients_are_served(serve, minimal, preset, model):
    start = serve if preset == "production" else minimal
    with start(f"watched_model:{model}", **NO_CACHE) as service:
        for body in honest()[model]:
            content = json.dumps(body, separators=(",", ":")).encode()
            assert len(content) < 10_000_000
            assert post(service, "/predict", content).status == 200
            if preset == "production":
                zipped = gzip.compress(content, 1)
                assert post(service, "/predict", zipped, content_encoding="gzip").status == 200


@pytest.mark.row(38)
def test_large_tensors_of_honest_clients_are_served(numbers, serve):
    body, headers = shapes.binary("FP32", [1, 10**6], struct.pack("<1000000f", *MILLION))
    assert quickest(numbers, body, **headers) < BLOCKED_S
    tensor = {"name": "input", "datatype": "FP32", "shape": [1, 10**6], "data": MILLION}
    content = json.dumps({"inputs": [tensor]}, separators=(",", ":")).encode()
    assert quickest(numbers, content) < BLOCKED_S
    with serve("watched_model:Texts", **NO_CACHE) as service:
        texts = struct.pack("<I", 5) + b"short"
        body, headers = shapes.binary("BYTES", [1, 100_000], texts * 100_000)
        assert post(service, INFER, body, **headers).status == 200


@pytest.mark.row(38)
def test_one_request_does_not_make_the_watchdog_end_the_process(serve):
    with serve("watched_model:Watched", HARDENING__WATCHDOG_S=1, **NO_CACHE) as service:
        for path, table in ROUTES.items():
            for name in ("many names", "many empty objects", "many integers that differ"):
                assert post(service, path, table[name](SIZE)).status < 500
        assert get(service, "/health").status == 200
    assert not log_lines(service, "Timeout")
