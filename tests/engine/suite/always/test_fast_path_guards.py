"""The fast path skips nothing that guards a route."""

import sys
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, HTTPException, Request, Response, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from fastapi.security import APIKeyHeader
from fastapi.testclient import TestClient

from src import api
from src.api.json_body.json_route import JsonRoute
from src.app import create_app
from src.config.settings import Settings
from tests.conftest import TextModel
from tests.engine.suite.always.fast_routes import Number, add_fast


async def answer(body: Number) -> Response:
    if body.x < 0:
        raise LookupError("negative")
    return Response("answered")


async def needs_key(request: Request) -> None:
    if "x-key" not in request.headers:
        raise HTTPException(401)


@pytest.fixture
def app():
    return create_app(Settings(), model=TextModel())


def post(app, number=1.0, **headers):
    return TestClient(app).post("/mine", json={"x": number}, headers=headers)


def needed_by_the_route(app):
    add_fast(app, "/mine", answer, dependencies=[Depends(needs_key)])


def needed_by_the_app(app):
    app.router.dependencies.append(Depends(needs_key))
    add_fast(app, "/mine", answer)


def needed_by_a_router(app):
    router = APIRouter(dependencies=[Depends(needs_key)], route_class=JsonRoute)
    router.post("/mine")(answer)
    app.include_router(router)


def needed_where_a_router_is_included(app):
    router = APIRouter(route_class=JsonRoute)
    router.post("/mine")(answer)
    app.include_router(router, dependencies=[Depends(needs_key)])


def needed_by_a_parameter(app):
    async def guarded(body: Number, _: Annotated[None, Depends(needs_key)]) -> Response:
        return await answer(body)

    add_fast(app, "/mine", guarded)


def needed_by_security(app):
    key = APIKeyHeader(name="x-key")

    async def guarded(body: Number, _: Annotated[str, Security(key)]) -> Response:
        return await answer(body)

    add_fast(app, "/mine", guarded)


@pytest.mark.parametrize(
    "add",
    [
        needed_by_the_route,
        needed_by_the_app,
        needed_by_a_router,
        needed_where_a_router_is_included,
        needed_by_a_parameter,
        needed_by_security,
    ],
)
def test_no_way_leads_past_a_dependency(app, add):
    add(app)
    assert post(app).status_code == 401
    assert post(app, **{"x-key": "1"}).status_code == 200


@pytest.mark.parametrize("place", [0, 99], ids=["first module", "last module"])
def test_middleware_that_a_module_adds_sees_every_request(tmp_path, monkeypatch, place):
    (tmp_path / "added_guard.py").write_text(
        "from starlette.middleware.base import BaseHTTPMiddleware\n"
        "from starlette.responses import Response\n"
        "async def guard(request, call_next):\n"
        "    return await call_next(request) if 'x-key' in request.headers else Response('', 401)\n"
        "def install(app, settings):\n"
        "    app.add_middleware(BaseHTTPMiddleware, dispatch=guard)\n"
    )
    folders = [*api.__path__]
    folders.insert(place, str(tmp_path))
    monkeypatch.setattr(api, "__path__", folders)
    monkeypatch.delitem(sys.modules, f"{api.__name__}.added_guard", raising=False)
    app = create_app(Settings(), model=TextModel())
    add_fast(app, "/mine", answer)
    assert post(app).status_code == 401
    assert post(app, **{"x-key": "1"}).text == "answered"


@pytest.mark.parametrize(("kind", "number"), [(RequestValidationError, "a"), (LookupError, -1)])
def test_errors_reach_the_handlers_of_the_app(app, kind, number):
    async def handle(request: Request, exc: Exception) -> Response:
        return PlainTextResponse(f"{request.url.path}: {type(exc).__name__}", 418)

    app.add_exception_handler(kind, handle)
    add_fast(app, "/mine", answer)
    refused = post(app, number)
    assert (refused.status_code, refused.text) == (418, f"/mine: {kind.__name__}")
