"""Limits of a request's body; a body that breaks them costs nothing afterwards."""

import asyncio
import gzip
import zlib

import pytest

from src.config.hardening import HardeningSettings
from src.serving.limits import request_limits, request_watch, slow_requests
from tests.conftest import TextModel
from tests.engine.suite.hardening.limits_harness import run

BODY = b"0123456789"
GZIP, DEFLATE = (b"content-encoding", b"gzip"), (b"content-encoding", b"Deflate")
ROOM = 2000  # bytes; so small a body grows when it is compressed
BROTLI, DECLARED = (b"content-encoding", b"br"), (b"content-length", b"11")


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(slow_requests, "SLOW_AFTER_S", 0.01)


@pytest.mark.parametrize(
    ("chunks", "options"),
    [
        ([BODY], {"header": (b"content-length", b"10")}),
        ([b"01234", b"", b"56789"], {}),
        ([gzip.compress(BODY)[:9], gzip.compress(BODY)[9:]], {"header": GZIP}),
        ([zlib.compress(BODY)], {"header": DEFLATE}),
    ],
    ids=["declared", "in chunks", "gzip", "deflate"],
)
def test_body_within_the_limits_reaches_the_app_in_one_piece(chunks, options):
    async def check(limited):
        limited.limits.bodies.max_held = ROOM
        limited.may_answer.set()
        assert (await limited.request(*chunks, **options))[0] == 200
        assert (limited.bodies, limited.encodings) == ([BODY], [None])

    run(check)


@pytest.mark.parametrize(
    ("status", "reason", "chunks", "options"),
    [
        (413, "large_body", [b""], {"header": DECLARED, "ends": False}),
        (413, "large_body", [BODY, b"x"], {"ends": False}),
        (413, "large_body", [gzip.compress(bytes(1_000_000))], {"header": GZIP}),
        (415, "encoding", [b"01"], {"header": BROTLI}),
        (400, "encoding", [b"01"], {"header": GZIP}),
        (400, "encoding", [b"01"], {"header": DEFLATE}),
        (408, "slow_body", [b"01"], {"ends": False}),
    ],
    ids=["declared", "in chunks", "bomb", "unknown", "corrupt gzip", "corrupt deflate", "slow"],
)
def test_other_body_is_refused_unseen_and_not_waited_for(status, reason, chunks, options):
    async def check(limited):
        limited.limits.bodies.max_held = ROOM
        code, headers = await limited.request(*chunks, **options)
        assert (code, headers[b"connection"]) == (status, b"close")
        assert headers[b"content-type"] == b"application/problem+json"
        assert (limited.events, limited.bodies) == ([("on_rejection", reason)], [])

    run(check)


@pytest.mark.parametrize(("most", "held"), [(1, True), (0, False)])
def test_refused_body_is_read_on_for_a_few_at_a_time(monkeypatch, most, held):
    async def check(limited):
        task = limited.request(b"01234567890", ends=False)
        if held:
            await asyncio.sleep(0.02)
            assert not task.done()
        async with asyncio.timeout(60):
            assert (await task)[0] == 413

    monkeypatch.setattr(request_limits, "MOST_SKIPPING", most)
    monkeypatch.setattr(request_watch, "SKIP_S", 0.5 if held else 600)
    run(check)


def test_client_that_leaves_while_it_sends_its_body_gets_no_answer():
    async def check(limited):
        assert (await limited.request(b"01", ends=False, leaves=True))[0] == 499
        assert (limited.events, limited.bodies) == ([("on_rejection", "client_left")], [])

    run(check)


def test_bodies_that_are_too_large_together_are_503():
    async def check(limited):
        first = limited.request(BODY)
        status, headers = await limited.request(BODY)
        assert (status, headers[b"retry-after"], headers[b"connection"]) == (503, b"1", b"close")
        assert limited.events[-1] == ("on_rejection", "memory")
        limited.may_answer.set()
        assert (await first)[0] == 200
        assert (await limited.request(BODY))[0] == 200

    run(check)


def test_limits_come_from_the_settings(client_of):
    client = client_of(hardening={"max_body_bytes": 20})
    assert client.post("/predict", json={"input": "x"}).status_code == 200
    answer = client.post("/predict", json={"input": "x" * 20})
    assert answer.status_code == 413
    assert answer.json()["detail"] == "The body must not exceed 20 bytes"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_limit_of_all_bodies_has_room_for_one():
    with pytest.raises(ValueError, match="max_held_bytes must be at least max_body_bytes"):
        HardeningSettings(max_body_bytes=100_000_000)


def test_limits_stand_behind_every_middleware_but_the_fast_path(client_of):
    names = [middleware.cls.__name__ for middleware in client_of().app.user_middleware]
    assert names[-2:] == ["LimitsMiddleware", "FastPathMiddleware"]


def test_openapi_lists_all_responses_to_bodies_that_are_not_read(client_of):
    paths = client_of(TextModel()).get("/openapi.json").json()["paths"]
    for path in ("/predict", "/predict/batch"):
        assert {"400", "408", "413", "415"} <= paths[path]["post"]["responses"].keys()
