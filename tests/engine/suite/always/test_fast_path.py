"""The fast path responds as FastAPI's own handler does, and only where it can."""

import pytest
from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from src.api.json_body.json_route import JsonRoute
from src.app import create_app
from src.config.settings import Settings
from src.core.errors import InvalidInputError
from tests.conftest import NumericModel, TextModel
from tests.engine.suite.always.fast_routes import Number, add_fast


async def answer(body: Number) -> Response:
    return Response(f"{body.x}")


def post(app, content='{"x": 1}', query="", **headers):
    headers = {"content-type": "application/json", "x-request-id": "1"} | headers
    client = TestClient(app, root_path="/models", raise_server_exceptions=False)
    return client.post(f"/models/mine{query}", content=content, headers=headers)


@pytest.fixture
def app():
    return create_app(Settings(), model=TextModel())


@pytest.fixture
def handled(monkeypatch):
    """Paths of requests that reached FastAPI's handler."""

    async def handle(self, scope, receive, send):
        if scope["method"] == "POST":
            paths.append(scope["path"])
        await of_fastapi(self, scope, receive, send)

    paths: list[str] = []
    of_fastapi = APIRoute.handle
    monkeypatch.setattr(APIRoute, "handle", handle)
    return paths


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
@pytest.mark.parametrize(
    "content",
    [
        '{"input": [1, 2.5]}',
        '{"inputs": [[1, 2.5], [3]]}',
        '{"input": [true], "inputs": []}',
        '{"input": ["1"]}',
        '{"inputs": [["1"]]}',
        '{"input": [NaN]}',
        '{"inputs": [[1], [1e400]]}',
        '{"input": {"x": null}}',
        "{}",
        "[]",
    ],
)
def test_answer_is_that_of_fastapis_handler(client_of, handled, path, content):
    clients = client_of(NumericModel()), client_of(NumericModel())
    for route in clients[1].app.routes:
        if isinstance(route, JsonRoute):
            route.fast = None
    headers = {"content-type": "application/json", "x-request-id": "1"}
    fast, own = (client.post(path, content=content, headers=headers) for client in clients)
    assert handled == [path]
    assert fast.status_code == own.status_code
    assert set(fast.headers) == set(own.headers)
    fast, own = fast.json(), own.json()
    for body in (fast, own):  # Pydantic words them differently: array and list, say
        body["errors"] = [error["loc"] for error in body.get("errors", [])]
    assert fast == own


def test_prediction_that_fails_is_not_asked_for_again(client_of):
    class Broken(TextModel):
        example = None  # type: ignore[assignment]

        def predict(self, input_data: str) -> str:
            self.calls.append(input_data)
            raise InvalidInputError

    model = Broken()
    assert client_of(model).post("/predict", json={"input": "x"}).status_code == 422
    assert model.calls == ["x"]


@pytest.mark.parametrize("content", ["{", "", "null", '{"x": 1}, 2', "NaN"])
def test_what_is_no_json_is_the_clients_error(app, content):
    add_fast(app, "/mine", answer)
    assert post(app, content).status_code == 422


@pytest.mark.parametrize(
    ("request_", "status", "goes_through"),
    [
        ({}, 200, False),
        ({"content-type": "application/json; charset=utf-8"}, 200, False),
        ({"content-type": "Application/vnd.number+json"}, 200, False),
        ({"content-type": "text/plain"}, 415, True),
        ({"content-type": "application/octet-stream"}, 415, True),
        ({"content-type": ""}, 415, True),
        ({"query": "?y=2"}, 200, True),
        ({"content": '{"x": "a"}'}, 422, False),
    ],
)
def test_only_a_json_body_and_nothing_else_takes_the_short_way(
    app, handled, request_, status, goes_through
):
    add_fast(app, "/mine", answer)
    assert post(app, **request_).status_code == status
    assert handled == ["/models/mine"] * goes_through


def test_route_of_a_user_is_fastapis(app, handled):
    app.post("/mine")(answer)
    assert post(app).text == "1.0"
    assert handled == ["/models/mine"]
    assert type(app.routes[-1]) is APIRoute


@pytest.mark.parametrize("path", ["/mine", "/{any}", "/{any:path}"])
def test_earlier_route_of_the_same_path_wins(app, path):
    async def earlier(body: Number) -> Response:
        return Response(f"earlier: {body.x}")

    add_fast(app, path, earlier)
    add_fast(app, "/mine", answer)
    assert post(app).text == "earlier: 1.0"


def test_earlier_route_of_a_router_wins(app):
    router = APIRouter()

    @router.post("/mine")
    async def earlier() -> str:
        return "earlier"

    app.include_router(router)
    add_fast(app, "/mine", answer)
    assert post(app).json() == "earlier"


def test_other_methods_of_the_path_are_told(app):
    add_fast(app, "/mine", answer)
    client = TestClient(app)
    assert client.put("/mine", json={"x": 1}).status_code == 405
    assert client.post("/mine/", json={"x": 1}, follow_redirects=False).status_code == 404


def test_route_whose_path_does_not_match_itself_may_stand_before(app):
    async def by_number(n: int, body: Number) -> Response:
        return Response(f"{n}: {body.x}")

    add_fast(app, "/{n:int}", by_number)
    add_fast(app, "/mine", answer)
    assert post(app).text == "1.0"


def test_route_of_a_host_may_stand_before(app):
    app.host("other", app=PlainTextResponse("other"))
    add_fast(app, "/mine", answer)
    assert post(app).text == "1.0"
    assert post(app, host="other").text == "other"
