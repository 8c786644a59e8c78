"""Rows 1 to 7: bodies that cannot be used."""

import threading
from functools import partial

import pytest

from .client import assert_problem, get, post
from .hostile import BODIES, filled
from .process import at_once, log_lines, send_quickly, wait_for_line

ROWS = [1, 2, 3, 4, 5, 6, 7]
# With a query, FastAPI's own handler serves, not the fast path.
PATHS = ["/predict", "/predict?x=1", "/predict/batch", "/predict/batch?x=1"]
WRONG = filled(b'"x"', b'{"input":[', b"]}")
ONE_OF_EACH_ROW = {
    1: b'{"input":',
    2: b'{"input":"\xff"}',
    3: b'{"input":[NaN]}',
    4: b'{"input":[' + b"7" * 5000 + b"]}",
    5: b"[" * 100_000,
    6: b'{"input":[true]}',
}


def is_fine(answer):
    return 400 <= answer.status < 500 and len(answer.body) <= 2048


def test_there_are_at_least_sixty_kinds_of_hostile_bodies():
    assert len(BODIES) >= 60


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", ["text", "numbers"])
@pytest.mark.row(1, 2, 3, 4, 5, 6, 7)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"row {row}")
def test_hostile_bodies_are_refused_in_2_kb_and_100_ms(request, kind, path, row):
    service, wrong = request.getfixturevalue(kind), {}
    for name in (name for name, (of_row, _) in BODIES.items() if of_row == row):
        answers, seconds = send_quickly(service, partial(post, service, path, BODIES[name][1]))
        if seconds > 0.1 or not all(map(is_fine, answers)):
            wrong[name] = f"{answers[0].status}, {seconds * 1000:.0f} ms, {answers[0].body[:99]!r}"
    assert not wrong


@pytest.mark.row(1, 2, 3, 4, 5, 6)
@pytest.mark.parametrize("path", PATHS[:2])
@pytest.mark.parametrize("row", ONE_OF_EACH_ROW)
def test_refused_body_is_one_info_line_without_a_traceback(numbers, row, path):
    name = f"one-line-{row}-{len(path)}"
    assert_problem(post(numbers, path, ONE_OF_EACH_ROW[row], x_request_id=name), 400, 415, 422)
    (line,) = wait_for_line(numbers, name)
    assert " - INFO - " in line
    assert not log_lines(numbers, "Traceback")
    assert not log_lines(numbers, "RecursionError")


@pytest.mark.row(6)
@pytest.mark.parametrize("path", PATHS[:2])
def test_at_most_five_errors_are_told_and_none_shows_the_input(numbers, path):
    body = {"input": ["s3cr3t"] * 50, **{f"unknown{number}": "s3cr3t" for number in range(50)}}
    answer = post(numbers, path, body)
    assert_problem(answer, 422)
    assert 1 <= len(answer.json()["errors"]) <= 5
    assert b"s3cr3t" not in answer.body


@pytest.mark.row(6)
def test_a_name_of_a_megabyte_is_cut(text):
    answer = post(text, "/predict", {"n" * 1_000_000: 1})
    assert_problem(answer, 422)


@pytest.mark.row(7)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", [filled(b'"x"', b'[["x"],[', b"]]"), filled(b'["x"]')])
def test_a_megabyte_of_wrong_items_inside_of_arrays_is_refused_in_100_ms(matrix, path, body):
    body = b'{"inputs":[' + body + b"]}" if "batch" in path else b'{"input":' + body + b"}"
    answers, seconds = send_quickly(matrix, partial(post, matrix, path, body))
    for answer in answers:
        assert_problem(answer, 422)
    assert seconds <= 0.1


@pytest.fixture(scope="module")
def matrix(serve):
    with serve("numbers_model:Matrix") as service:
        yield service


@pytest.mark.row(7)
@pytest.mark.parametrize("path", PATHS[:2])
def test_liveness_answers_in_50_ms_while_megabytes_of_wrong_items_come(numbers, path):
    assert any(slowest_liveness(numbers, path) < at_once(numbers) for _ in range(3))


def slowest_liveness(service, path):
    sending = threading.Thread(target=lambda: [post(service, path, WRONG) for _ in range(10)])
    sending.start()
    slowest = 0.0
    while sending.is_alive():
        answer = get(service, "/health")
        assert answer.status == 200
        slowest = max(slowest, answer.seconds)
    return slowest
