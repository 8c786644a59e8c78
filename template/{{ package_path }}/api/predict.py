"""Predictions: HTTP in, one service call, HTTP out."""

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

from ..config.settings import Settings
from ..core.errors import InvalidInputError, ServiceError
from ..services.inference_service import InferenceService
from .dependencies import InferenceServiceDep
from .errors import describe, responses
from .schemas import ItemError, prediction_schemas


def install(app: FastAPI, _: Settings) -> None:
    """Add the routes of the model that is served."""
    app.include_router(create_router(app.state.inference_service))


def create_router(service: InferenceService) -> APIRouter:
    """Create routes that take and give the model's declared types."""
    router = APIRouter(tags=["predict"], responses=responses(422, 500, 503, 504))
    # Known only once the model is, so a type checker takes them for variables.
    Request, Answer, BatchRequest, BatchAnswer = prediction_schemas(  # noqa: N806  (classes)
        service.signature, service.example
    )
    is_text = TypeAdapter(service.signature.input).json_schema().get("type") == "string"

    served = {"x-model": {"name": service.name, "version": service.version}}

    @router.post("/predict", response_model=Answer, openapi_extra=served)
    async def predict(
        service: InferenceServiceDep,
        response: Response,
        body: Request | None = None,  # type: ignore[valid-type]
        text: Annotated[str | None, Query(alias="input", include_in_schema=is_text)] = None,
    ) -> Any:
        """Predict for one input: in the body, or in the query for a model that takes text."""
        if (body is None) == (text is None):
            raise InvalidInputError('Give exactly one input: a body {"input": …} or ?input=…')
        if text is not None and not is_text:
            raise InvalidInputError("?input= serves text models only; send a body")
        try:
            request = body or Request(input=text)
        except ValidationError as exc:
            raise RequestValidationError(exc.errors()) from exc
        _name_model(response, service)
        return {"prediction": await service.predict(request.input)}

    @router.post("/predict/batch", response_model=BatchAnswer, openapi_extra=served)
    async def predict_batch(
        service: InferenceServiceDep,
        response: Response,
        body: BatchRequest,  # type: ignore[valid-type]
    ) -> Any:
        """Predict for several inputs; an error stands in the place of its input."""
        _name_model(response, service)
        results = await service.predict_many(body.inputs)  # type: ignore[attr-defined]
        return {"predictions": [_item(result) for result in results]}

    return router


def _item(result: Any) -> Any:
    return ItemError(error=describe(result)) if isinstance(result, ServiceError) else result


def _name_model(response: Response, service: InferenceService) -> None:
    response.headers["X-Model-Name"] = service.name
    response.headers["X-Model-Version"] = service.version
