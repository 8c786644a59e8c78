"""Predictions are recorded: what a record has, which predictions have one, what is left out."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import BaseModel, Field, PlainSerializer

from src.models.base import Model
from src.services.recording import recorder, writer
from tests.conftest import NumericModel, TextModel, until
from tests.engine.suite.recording.harness import Picky, recording, records, watch


class Flat(BaseModel):
    """A flat."""

    rooms: int = Field(alias="numberOfRooms")


class Price(Model):
    model_name: ClassVar[str] = "price"
    version: ClassVar[str] = "1"
    example: ClassVar[dict[str, int]] = {"numberOfRooms": 3}

    def predict(self, input_data: Flat) -> dict[str, float]:
        return {"price": 1000.0 * input_data.rooms}


class Reverse(Model):
    model_name: ClassVar[str] = "reverse"
    version: ClassVar[str] = "1"
    example: ClassVar[bytes] = b"ab"

    def predict(self, input_data: bytes) -> bytes:
        return input_data[::-1]


class Sorting(Model):
    """A model that changes its input."""

    model_name: ClassVar[str] = "sorting"
    version: ClassVar[str] = "1"
    example: ClassVar[list[float]] = [1.0]

    def predict(self, input_data: list[float]) -> float:
        input_data.sort()
        return input_data[0]


def fail(value: Any) -> Any:
    raise RuntimeError(f"a secret: {value}")


class Odd(TextModel):
    def predict(self, input_data: Annotated[str, PlainSerializer(fail)]) -> str:
        return "good"


def test_prediction_is_a_line_with_time_request_model_input_and_output(client_of, tmp_path):
    client = client_of(**recording(tmp_path))
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    response = client.post("/predict", json={"input": "a\nb"}, headers={"X-Request-ID": "mine"})
    assert response.json() == {"prediction": "A\nB"}
    until(lambda: records(tmp_path))
    (record,) = records(tmp_path)
    assert before <= datetime.fromisoformat(record.pop("time")) <= datetime.now(UTC)
    assert 0 < record.pop("duration_ms") < 120_000
    assert record == {
        "request_id": "mine",
        "model": "echo",
        "version": "1.2.3",
        "input": "a\nb",
        "output": "A\nB",
    }


def test_each_input_of_a_batch_has_a_record_and_an_error_has_its_kind(client_of, tmp_path):
    client = client_of(Picky(), **recording(tmp_path))
    watched = watch(client)
    response = client.post("/predict/batch", json={"inputs": ["a", "bad", "broken", "a"]})
    until(lambda: len(records(tmp_path)) == 4)
    found = {(r["input"], r["output"], r.get("error")) for r in records(tmp_path)}
    assert found == {
        ("a", "A", None),
        ("bad", None, "InvalidInputError"),
        ("broken", None, "PredictionError"),
    }
    ids = {record["request_id"] for record in records(tmp_path)}
    assert ids == {response.headers["x-request-id"]}
    until(lambda: watched.results == {"written": 4})


def test_cached_prediction_is_recorded_too(client_of, tmp_path):
    model = TextModel()
    client = client_of(model, **recording(tmp_path))
    for _ in range(3):
        client.post("/predict", json={"input": "a"})
    until(lambda: len(records(tmp_path)) == 3)
    assert model.calls.count("a") == 1


def test_request_that_is_no_input_is_not_recorded(client_of, tmp_path):
    client = client_of(**recording(tmp_path))
    assert client.post("/predict", json={"input": 1}).status_code == 422
    client.post("/predict", json={"input": "a"})
    until(lambda: records(tmp_path))
    assert len(records(tmp_path)) == 1


@pytest.mark.parametrize(
    ("model", "value", "expected"),
    [
        (Price(), {"numberOfRooms": 2}, ({"numberOfRooms": 2}, {"price": 2000.0})),
        (Reverse(), base64.b64encode(b"\xff\x00").decode(), ("/wA=", "AP8=")),
        (NumericModel(), [1, 2.5], ([1.0, 2.5], 1.75)),
        (Sorting(), [3, 1, 2], ([3.0, 1.0, 2.0], 1.0)),
    ],
)
def test_values_have_the_forms_of_requests_and_responses(
    client_of, tmp_path, model, value, expected
):
    client = client_of(model, **recording(tmp_path))
    response = client.post("/predict", json={"input": value})
    until(lambda: records(tmp_path))
    (record,) = records(tmp_path)
    assert (record["input"], record["output"]) == expected
    assert record["output"] == response.json()["prediction"]


def test_large_value_is_left_out_with_its_size(client_of, tmp_path):
    client = client_of(**recording(tmp_path, max_value_bytes=20))
    for text in ("a" * 18, "a" * 19, "a" * 1000, "\u00fc" * 10):
        assert client.post("/predict", json={"input": text}).status_code == 200
    until(lambda: len(records(tmp_path)) == 4)
    short, quoted, long, wide = records(tmp_path)
    assert "omitted" not in short
    assert (quoted["input"], quoted["omitted"]) == (None, {"input": 21, "output": 21})
    assert long["omitted"] == {"input": 1000, "output": 1000}
    assert wide["omitted"] == {"input": 22, "output": 22}


def test_value_that_is_not_json_is_served_and_counted(client_of, tmp_path, log):
    client = client_of(Odd(), **recording(tmp_path))
    watched = watch(client)
    for _ in range(2):
        response = client.post("/predict", json={"input": "private"})
        assert response.json() == {"prediction": "good"}
    assert watched.results == {"failed": 2}
    lines = [line for line in log.getvalue().splitlines() if "not recorded" in line]
    assert len(lines) == 1
    assert "An input that is not JSON is not recorded: PydanticSerializationError at" in lines[0]
    assert "private" not in lines[0]
    assert records(tmp_path) == []


def test_share_is_by_chance(client_of, tmp_path, monkeypatch):
    draws = iter([0.2, 0.3, 0.1, 0.25])
    monkeypatch.setattr(recorder, "random", lambda: next(draws))
    client = client_of(**recording(tmp_path, sample=0.25))
    for text in "abcd":
        assert client.post("/predict", json={"input": text}).status_code == 200
    until(lambda: len(records(tmp_path)) == 2)
    assert [record["input"] for record in records(tmp_path)] == ["a", "c"]


def test_nothing_is_recorded_by_default(client_of, tmp_path):
    folder = tmp_path / "none"
    client = client_of(recording={"path": str(folder)})
    client.post("/predict", json={"input": "a"})
    assert not folder.exists()
    service = client.app.state.inference_service
    assert service.predict.__func__ is type(service).predict


def test_last_records_are_written_at_the_end(client_of, tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "PAUSE_S", 600)
    client = client_of(**recording(tmp_path))
    for number in range(250):
        client.post("/predict", json={"input": f"{number}"})
    assert records(tmp_path) == []
    client.__exit__(None, None, None)
    assert [record["input"] for record in records(tmp_path)] == [f"{n}" for n in range(250)]
