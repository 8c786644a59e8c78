"""Rows 17 and 36: paths that do not exist, requested once or a thousand times."""

import pytest

from .client import Client, ask, assert_problem, get, head, post
from .process import wait_for_line


@pytest.mark.row(17)
@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/nope", 404, None),
        ("POST", "/nope", 404, None),
        ("GET", "/predict/nope", 404, None),
        ("GET", "/..%2f..%2fetc/passwd", 404, None),
        ("GET", "/%00", 404, None),
        ("GET", "/%ff%fe", 404, None),
        ("GET", "/" + "x" * 5000, 404, None),
        ("GET", "/predict", 405, "POST"),
        ("DELETE", "/predict", 405, "POST"),
        ("POST", "/health", 405, "GET"),
        ("PROPFIND", "/health", 405, "GET"),
        ("PUT", "/predict/batch", 405, "POST"),
    ],
)
def test_unknown_routes_and_methods_get_the_envelope_of_all_errors(
    text, method, path, status, allow
):
    answer = ask(text, head(method, path))
    assert_problem(answer, status)
    assert answer.headers.get("allow") == allow


@pytest.mark.row(17)
def test_request_id_of_the_client_is_kept_if_it_is_harmless(text):
    assert get(text, "/nope").headers["x-request-id"]
    for given, kept in {"abc-1.2_3": True, "a b": False, "x" * 65: False, "a/b": False}.items():
        answer = ask(text, head("GET", "/nope", x_request_id=given))
        assert (answer.headers["x-request-id"] == given) == kept, given


@pytest.mark.row(36)
def test_flood_of_paths_methods_and_headers_makes_no_more_series(text):
    for method in ("GET", "PROPFIND", "POST"):
        ask(text, head(method, "/first"))
    before = series(text)
    with Client(text) as client:
        for number in range(1000):
            method = ("GET", "PURGE", "MKCOL", "POST", "REPORT")[number % 5]
            path = f"/flood{number}?x={number}"
            client.send(head(method, path, x_request_id=f"flood{number}", content_length=0))
            assert client.answer().status == 404
    after = series(text)
    assert len(after) < len(before) + 40
    assert not [line for line in after if "flood" in line]


@pytest.mark.row(36)
def test_unhealthy_inputs_make_no_more_series(text):
    for number in range(3):
        post(text, "/predict", {"input": number})
    before = len(series(text))
    for number in range(200):
        post(text, "/predict", {"input": number})
        post(text, "/predict", {"input": f"text {number}"})
    assert len(series(text)) < before + 40


def series(service):
    text = get(service, "/metrics").body.decode()
    return [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]


@pytest.mark.row(17, 33)
def test_path_cannot_forge_a_line_of_the_log(serve):
    with serve(ACCESS_LOG="true") as service:
        get(service, "/begun%0a2026-01-01%20-%20CRITICAL%20-%20forged")
        assert all("/begun" in line for line in wait_for_line(service, "forged"))
