"""Routes that are served from the bytes of a body, and the validation of these."""

import asyncio
import gc
from inspect import Parameter, Signature
from typing import Annotated, Any

import pytest
from fastapi import BackgroundTasks, Body, Cookie, Depends, Header, Request, Response, Security
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, ConfigDict

from src.api.json_body.body_validator import BodyValidator
from src.api.json_body.json_route import JsonRoute
from src.utils.large_bodies import LARGE


class Number(BaseModel):
    x: float


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    one: Number | None = None
    many: list[Number] = []
    plain: list[float] = []


class Plain(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    x: list[list[float]]


def route_of(path="/", gives: Any = Response, dependencies=(), max_body_size=None, **needs):
    """Return a route whose endpoint responds with the parameters that it needs."""

    async def endpoint(**values):
        return Response(repr(values))

    kind = Parameter.KEYWORD_ONLY
    parameters = [Parameter(name, kind, annotation=needs[name]) for name in needs]
    vars(endpoint)["__signature__"] = Signature(parameters, return_annotation=gives)
    needed: Any = [Depends(dependency) for dependency in dependencies]
    options = {"dependencies": needed, "max_body_size": max_body_size}
    return JsonRoute(path, endpoint, methods=["POST"], **options)


def dependency() -> None:
    """Guard something."""


def not_async(body: Number) -> Response:
    return Response(f"{body.x}")


@pytest.mark.parametrize("needs", [{"body": Number}, {"any_name": Number | None}])
def test_route_that_needs_a_body_alone_is_fast(needs):
    assert route_of(**needs).fast


@pytest.mark.parametrize(
    "needs",
    [
        {"dependencies": [dependency]},
        {"x": Annotated[None, Depends(dependency)]},
        {"x": Annotated[None, Security(dependency)]},
        {"x": int},
        {"path": "/{x}", "x": int},
        {"x": Annotated[str, Header()]},
        {"x": Annotated[str, Cookie()]},
        {"x": Request},
        {"x": Response},
        {"x": BackgroundTasks},
        {"x": Number},
        {"body": dict[str, float]},
        {"body": Annotated[Number, Body(embed=True)]},
        {"body": list[Number]},
        {"body": dict[str, Number] | None},
        {"body": Number | dict[str, float]},
        {"body": Number | str | None},
        {"body": Annotated[Number, AfterValidator(lambda number: number)]},
        {"gives": Number},
    ],
)
def test_route_that_needs_more_is_left_to_fastapi(needs):
    assert route_of(**{"body": Number} | needs).fast is None


def test_route_with_a_limit_of_its_own_is_left_to_fastapi():
    assert route_of(body=Number, max_body_size=100).fast is None


def test_route_without_a_body_or_without_async_is_left_to_fastapi():
    assert route_of().fast is None
    assert JsonRoute("/", not_async, methods=["POST"]).fast is None


def scope_of(content):
    headers = {b"content-type": b"application/json"}
    return {"query_string": b"", "state": {"body": content, "headers": headers}}


def answer_of(kind, content):
    fast = route_of(body=kind).fast
    assert fast
    return asyncio.run(fast(scope_of(content))).body


@pytest.mark.parametrize("content", ['{"one": {"x": 1}}', '{"many": [{"x": 1}], "plain": [2.5]}'])
def test_what_is_valid_is_taken(content):
    assert answer_of(Strict, content.encode())


@pytest.mark.parametrize("number", ['"1"', "true", "NaN", "1e400", "-Infinity", "null"])
@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (Plain, '{"x": [[1, $]]}'),
        (Strict, '{"one": {"x": $}}'),
        (Strict, '{"many": [{"x": 1}, {"x": $}]}'),
    ],
)
def test_strictness_reaches_what_is_inside(kind, content, number):
    with pytest.raises(RequestValidationError) as error:
        answer_of(kind, content.replace("$", number).encode())
    assert error.value.errors()[0]["loc"][0] == "body"


def test_nan_is_no_json_for_a_class_that_would_take_it_either():
    with pytest.raises(RequestValidationError):
        answer_of(Number, b'{"x": NaN}')


@pytest.mark.parametrize("size", [1, LARGE])
@pytest.mark.parametrize(
    ("content", "mistakes"),
    [
        ('{"x": 1}', []),
        ('{"x": 1, "y": 2}', [(("body", "y"), "Extra inputs are not permitted")]),
        ('{"x": "1"}', [(("body", "x"), "Input should be a valid number")]),
    ],
)
def test_large_body_is_validated_as_a_small_one_is(content, mistakes, size):
    class Only(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)

        x: float

    validate = BodyValidator(Only)
    found = []
    try:
        assert isinstance(validate(content.encode() + b" " * size), Only)
    except RequestValidationError as exc:
        found = [(problem["loc"], problem["msg"]) for problem in exc.errors()]
    assert found == mistakes
    assert gc.isenabled()


def test_default_value_is_none_of_the_schema():
    class Only(BaseModel):
        model_config = ConfigDict(extra="forbid")

        x: dict[str, str] = {"type": "list"}

    assert BodyValidator(Only)(b"{}" + b" " * LARGE).x == {"type": "list"}


def test_mistakes_beyond_counting_are_one():
    with pytest.raises(RequestValidationError) as error:
        answer_of(Strict, b'{"plain": [' + b'"a",' * 200 + b"1]}")
    assert [problem["msg"] for problem in error.value.errors()] == ["More than 100 errors"]
