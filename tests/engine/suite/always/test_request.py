"""The request that a model works for: its id, chosen headers, the time that is left."""

from typing import ClassVar

import pytest

from src.core.request import RequestContext, current_request, time_limit
from src.models.base import Model


class Curious(Model):
    """A model that records the request of each call."""

    model_name: ClassVar[str] = "curious"
    version: ClassVar[str] = "1"

    def __init__(self) -> None:
        self.seen: list[RequestContext] = []

    def predict(self, input_data: str) -> str:
        self.seen.append(current_request())
        return input_data


class CuriousInline(Curious):
    inline: ClassVar[bool] = True


class CuriousCoroutine(Curious):
    async def predict(self, input_data: str) -> str:  # type: ignore[override]
        return super().predict(input_data)


HEADERS = {"X-Request-ID": "abc", "X-User": "ann", "Authorization": "secret"}


@pytest.mark.parametrize("kind", [Curious, CuriousCoroutine, CuriousInline])
def test_model_sees_id_chosen_headers_and_deadline(client_of, kind):
    model = kind()
    client = client_of(model, service={"timeout": 9, "request_headers": ("x-USER", "x-none")})
    client.post("/predict", json={"input": "a"}, headers=HEADERS)
    client.post("/predict/batch", json={"inputs": ["b"]}, headers={"X-Request-ID": "def"})
    first, second = model.seen
    assert (first.id, second.id) == ("abc", "def")
    assert (first.headers, second.headers) == ({"x-user": "ann"}, {})
    if model.inline:
        assert first.time_left is None, "it has no time limit"
    else:
        assert 0 < first.time_left <= 9


def test_nothing_is_known_outside_of_a_request():
    assert current_request() == RequestContext(id="", headers={}, deadline=None)


def test_deadline_ends_with_its_call():
    with time_limit(9):
        assert current_request().deadline
    assert current_request().time_left is None
