"""Rows 3, 22 to 25 and 27: faults of a model."""

import threading
import time

import pytest

from .client import assert_problem, get, post
from .process import log_lines, metric, wait_for, wait_for_line

RAISES = ["raise", "raise_much", "leave", "interrupt", "cancel", "stop", "recurse"]


def serves_on(service):
    assert post(service, "/predict", {"input": "well"}).status == 200
    assert get(service, "/health").status == get(service, "/ready").status == 200


@pytest.mark.row(22)
@pytest.mark.parametrize("fault", RAISES)
def test_model_that_raises_is_500_with_one_traceback_and_the_next_request_is_fine(faulty, fault):
    name = f"raises-{fault}"
    answer = post(faulty, "/predict", {"input": fault}, x_request_id=name)
    assert_problem(answer, 500)
    assert b"s3cr3t" not in answer.body
    assert b"RuntimeError" not in answer.body
    wait_for_line(faulty, "Error during prediction", name)
    serves_on(faulty)
    assert len(log_lines(faulty, " - ERROR - ", name)) == 1


@pytest.mark.row(22)
@pytest.mark.parametrize("model", ["faulty_model:FaultyInline", "faulty_model:FaultyBatch"])
def test_model_on_the_event_loop_or_in_batches_that_raises_ends_only_its_request(serve, model):
    with serve(model, MODEL__CACHE_SIZE=0) as service:
        for fault in RAISES:
            assert_problem(post(service, "/predict", {"input": fault}), 500)
            serves_on(service)


@pytest.mark.row(22)
def test_traceback_is_written_once(serve):
    with serve("faulty_model:Faulty") as service:
        post(service, "/predict", {"input": "raise"})
        wait_for_line(service, "RuntimeError: s3cr3t internals")
        serves_on(service)
        assert len(log_lines(service, "Traceback")) == 1


@pytest.mark.row(3, 23)
@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("faulty_model:Wrong", "nan infinity object bytes surrogate function"),
        ("faulty_model:WrongShape", "text one three none nan"),
    ],
)
def test_result_that_is_wrong_or_no_json_is_500_and_counted(serve, model, values):
    series = 'inference_errors_total{error="PredictionError"}'
    with serve(model, MODEL__CACHE_SIZE=10) as service:
        for value in [*values.split(), *values.split()]:
            counted = metric(service, series)
            assert_problem(post(service, "/predict", {"input": value}), 500)
            assert metric(service, series) == counted + 1, value
        for value in ("nested nan", "set of objects")[: model == "faulty_model:Wrong" and 2]:
            assert_problem(post(service, "/predict", {"input": value}), 500)
        serves_on(service)
        batch = post(service, "/predict/batch", {"inputs": ["well", values.split()[0]]})
        assert batch.status == 200
        assert batch.json()["predictions"][1]["error"]["status"] == 500


@pytest.mark.row(24)
def test_bad_item_of_a_batch_fails_alone(serve):
    with serve("slow_model:SlowBatch", MODEL__CACHE_SIZE=0) as service:
        inputs = [f"0.0{number}" for number in range(20)]
        inputs[7] = "0 poison"
        one = post(service, "/predict/batch", {"inputs": inputs})
        assert one.status == 200
        kinds = [type(prediction) for prediction in one.json()["predictions"]]
        assert kinds == [*[int] * 7, dict, *[int] * 12]
        assert b"s3cr3t" not in one.body
        statuses = together(service, [*["0.05"] * 12, "0 poison"])
        assert statuses == [*[200] * 12, 500]


def together(service, inputs):
    """Send each as a request of its own, at the same time."""
    statuses = [0] * len(inputs)

    def send(number):
        statuses[number] = post(service, "/predict", {"input": inputs[number]}).status

    threads = [threading.Thread(target=send, args=(number,)) for number in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


@pytest.mark.row(25)
@pytest.mark.parametrize(
    ("model", "threads"), [("slow_model:Slow", 2), ("slow_model:SlowBatch", 1)]
)
def test_model_that_hangs_is_504_and_not_ready_until_a_slot_is_free(serve, model, threads):
    with serve(
        model, SERVICE__TIMEOUT=0.4, SERVICE__THREADS=threads, MODEL__CACHE_SIZE=0
    ) as service:
        assert together(service, [f"1.5 hangs-{number}" for number in range(2)]) == [504, 504]
        assert get(service, "/health").status == 200
        assert_problem(wait_for(lambda: refused(get(service, "/ready"))), 503)
        assert post(service, "/predict", {"input": "0 next"}).status in {503, 504}
        assert not log_lines(service, "begin next"), "the slots are taken"
        wait_for(lambda: get(service, "/ready").status == 200)
        assert post(service, "/predict", {"input": "0 after"}).status == 200


def refused(answer):
    return answer if answer.status == 503 else None


@pytest.mark.row(25)
@pytest.mark.parametrize("model", ["slow_model:Slow", "slow_model:SlowBatch"])
def test_model_that_hangs_takes_no_other_slot(serve, model):
    with serve(model, SERVICE__TIMEOUT=0.4, SERVICE__THREADS=2) as service:
        assert post(service, "/predict", {"input": "2 hangs"}).status == 504
        started = time.monotonic()
        for number in range(5):
            assert post(service, "/predict", {"input": f"0 {number}"}).status == 200
        assert time.monotonic() - started < 1
        assert get(service, "/ready").status == 200


@pytest.mark.row(27)
def test_memory_error_of_the_model_is_a_problem_and_the_service_serves_on(faulty):
    for _ in range(3):
        assert_problem(post(faulty, "/predict", {"input": "memory"}), 500, 503)
        serves_on(faulty)
