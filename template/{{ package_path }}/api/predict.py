"""Predictions: HTTP in, one service call, HTTP out."""

from functools import partial
from typing import Annotated, Any

from fastapi import FastAPI, Query, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import Headers

from ..config.settings import Settings
from ..core.errors import InvalidInputError, ServiceError
from ..services.inference_service import InferenceService
from .errors import describe, responses
from .schemas import ItemError, prediction_schemas


def install(app: FastAPI, _: Settings) -> None:
    """Add routes that take and give the declared types of the model that is served."""
    service: InferenceService = app.state.inference_service
    # Known only once the model is, so a type checker takes them for variables.
    Request, Answer, BatchRequest, BatchAnswer = prediction_schemas(  # noqa: N806  (classes)
        service.signature, service.example
    )
    kind: Any = service.signature.output
    one, many = TypeAdapter(dict[str, kind]), TypeAdapter(dict[str, list[kind | ItemError]])
    is_text = TypeAdapter(service.signature.input).json_schema().get("type") == "string"
    # Encoded once, not for each answer.
    headers = Headers({"X-Model-Name": service.name, "X-Model-Version": service.version}).raw

    def answer(content: bytes) -> Response:
        response = Response(content, media_type="application/json")
        response.raw_headers += headers
        return response

    post = partial(
        app.post,
        tags=["predict"],
        responses=responses(422, 500, 503, 504),
        openapi_extra={"x-model": {"name": service.name, "version": service.version}},
    )

    @post("/predict", response_model=Answer)
    async def predict(
        body: Request | None = None,  # type: ignore[valid-type]
        text: Annotated[str | None, Query(alias="input", include_in_schema=is_text)] = None,
    ) -> Response:
        """Predict for one input: in the body, or in the query for a model that takes text."""
        if (body is None) == (text is None):
            raise InvalidInputError('Give exactly one input: a body {"input": …} or ?input=…')
        if text is not None and not is_text:
            raise InvalidInputError("?input= serves text models only; send a body")
        try:
            request = body or Request(input=text)
        except ValidationError as exc:
            raise RequestValidationError(exc.errors()) from exc
        prediction = await service.predict(request.input)
        return answer(one.serializer.to_json({"prediction": prediction}))

    @post("/predict/batch", response_model=BatchAnswer)
    async def predict_batch(body: BatchRequest) -> Response:  # type: ignore[valid-type]
        """Predict for several inputs; an error stands in the place of its input."""
        results = await service.predict_many(body.inputs)  # type: ignore[attr-defined]
        return answer(many.serializer.to_json({"predictions": [_item(r) for r in results]}))


def _item(result: Any) -> Any:
    return ItemError(error=describe(result)) if isinstance(result, ServiceError) else result
