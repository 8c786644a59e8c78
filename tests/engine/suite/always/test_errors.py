"""Bodies that are not JSON, request ids of clients, slow responses."""

import re

import pytest


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b'{"input": "\xff"}',
        b'{"input": "\\ud800"}',
        b"[]",
        b"null",
    ],
)
def test_bad_bodies_are_the_clients_error(client_of, body, log):
    answer = client_of().post(
        "/predict", content=body, headers={"content-type": "application/json"}
    )
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in log.getvalue()


@pytest.mark.parametrize("given", ["abc", "A.b_c-1", "x" * 64])
def test_harmless_request_id_is_kept(client_of, given):
    assert (
        client_of().get("/health", headers={"X-Request-ID": given}).headers["x-request-id"] == given
    )


@pytest.mark.parametrize(
    "given", ["", "x" * 65, "a b", "a\tb", "é".encode().decode("latin-1"), "a;b"]
)
def test_any_other_request_id_is_replaced(client_of, given):
    headers = {"X-Request-ID": given.encode("latin-1")}
    answer = client_of().get("/health", headers=headers)
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


def test_slow_response_is_a_warning_with_its_latency(client_of, log):
    client_of(service={"slow_after": 1e-6}).get("/health")
    assert re.search(
        r"WARNING - Slow response: GET /health 200 request_id=\w+ ms=[\d.]+", log.getvalue()
    )
