"""Predictions: read the request, call the service once, write the response."""

import time
from functools import partial
from typing import Annotated, Any

from fastapi import FastAPI, Query, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError, WithJsonSchema
from pydantic_core import to_json

from ..config.settings import Settings
from ..core.errors import InvalidInputError, ServiceError
from ..models.json_types import is_plain
from ..services.inference_service import InferenceService
from ..utils.large_bodies import yield_to_event_loop
from .dependencies import raw_model_headers
from .errors import describe, responses
from .json_body.json_route import JsonRoute
from .request_cost import body_statuses
from .schemas import ItemError, prediction_schemas


def add_routes(app: FastAPI, settings: Settings, service: InferenceService, prefix: str) -> None:
    """Add routes whose requests and responses have a model's declared types."""
    name = service.name if prefix else ""
    most = settings.service.max_inputs
    schemas = prediction_schemas(service.signature, service.example, most, name)
    one, one_response, many, many_response = schemas
    is_text = TypeAdapter(service.signature.input).json_schema().get("type") == "string"
    extra = {"x-model": {"name": service.name, "version": service.version}}
    add = partial(
        app.router.add_api_route,
        methods=["POST"],
        route_class_override=JsonRoute,
        tags=["predict"],
        responses=responses(*body_statuses(settings), 422, 500, 503, 504),
        openapi_extra=extra,
    )
    writer = ResponseWriter(service)
    add(
        f"{prefix}/predict",
        predict_endpoint(service, writer, one, is_text=is_text),
        response_model=one_response,
        openapi_extra={**extra, "requestBody": {"required": not is_text}},
    )
    batch = _batch_endpoint(service, writer, many)
    add(f"{prefix}/predict/batch", batch, response_model=many_response)


class ResponseWriter:
    """Write predictions as responses."""

    def __init__(self, service: InferenceService) -> None:
        kind: Any = service.signature.output
        contents: Any = dict[str, kind], dict[str, list[kind | ItemError]]
        # By alias, as in FastAPI and in OpenAPI; options cost time in each request.
        options: dict[str, Any] = {} if is_plain(kind) else {"by_alias": True}
        serializers: list[Any] = [TypeAdapter(content).serializer for content in contents]
        self._one, self._many = (partial(each.to_json, **options) for each in serializers)

    def one(self, prediction: Any, service: InferenceService) -> Response:
        """Return the response with a prediction of a service."""
        return _respond(self._one({"prediction": prediction}), service)

    def many(self, results: list[Any], service: InferenceService) -> Response:
        """Return the response with predictions and errors of a service."""
        predictions = [_item(result) for result in results]
        return _respond(self._many({"predictions": predictions}), service)


# The schemas depend on the model, so a type checker takes them for variables.
def predict_endpoint(
    service: InferenceService, writer: ResponseWriter, schema: Any, *, is_text: bool
) -> Any:
    """Return the function of a route that predicts for one input."""
    # A list, so that a second value is an error; documented as one text.
    of_query = Query(alias="input", include_in_schema=is_text)
    documented = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "null"}]})

    async def predict(
        body: schema | None = None,
        texts: Annotated[list[str] | None, of_query, documented] = None,
    ) -> Response:
        """Predict for one input: in the body, or in the query if the model takes text."""
        request: Any = body
        if texts or body is None:
            request = _read_query(texts or [], body, schema if is_text else None)
        started, chosen = time.perf_counter(), service.pick()
        prediction = await chosen.predict(request.input)
        await yield_to_event_loop(started)
        return writer.one(prediction, chosen)

    return predict


def _batch_endpoint(service: InferenceService, writer: ResponseWriter, schema: Any) -> Any:
    async def predict_batch(body: schema) -> Response:
        """Predict for several inputs; an error has the position of its input."""
        started, chosen = time.perf_counter(), service.pick()
        results = await chosen.predict_many(body.inputs)
        await yield_to_event_loop(started)
        return writer.many(results, chosen)

    return predict_batch


def _read_query(texts: list[str], body: Any, schema: Any) -> Any:
    """Return a request with the text of the query; without a schema, the model takes no text."""
    if schema is None:
        more = "; ?input= is for models that take text" if texts else ""
        raise InvalidInputError(f'Send a body {{"input": …}}{more}')
    if len(texts) != (body is None):
        raise InvalidInputError('Send exactly one input: a body {"input": …} or ?input=…')
    if "\ufffd" in texts[0]:  # replaces bytes that are not UTF-8
        raise InvalidInputError("?input= must be UTF-8; send U+FFFD in a body")
    try:
        return schema.model_validate_json(to_json({"input": texts[0]}))
    except ValidationError as exc:
        raise RequestValidationError(exc.errors()) from exc


def _respond(content: bytes, service: InferenceService) -> Response:
    response = Response(content, media_type="application/json")
    response.raw_headers += raw_model_headers(service.name, service.version)
    return response


def _item(result: Any) -> Any:
    return ItemError(error=describe(result)) if isinstance(result, ServiceError) else result
