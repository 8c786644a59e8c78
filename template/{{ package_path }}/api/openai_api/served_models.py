"""The models of the service, by name, at `/v1/models`; what each can be used for."""

import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any, get_args, get_origin

from fastapi import FastAPI
from pydantic import TypeAdapter

from ...config.settings import Settings
from ...core.errors import InvalidInputError, UnknownModelError
from ...models.chat import Chat, ChatChunk, ChatResult, is_of
from ...services.inference_service import InferenceService
from ...services.streaming.streamer import streamer_of
from ..dependencies import state_of
from ..json_body.json_route import JsonRoute
from ..request_cost import body_statuses
from .error_form import failures
from .schemas import ModelEntry, ModelList

TAG = "OpenAI"
SHOWN = 100  # characters of a name


def install(app: FastAPI, _: Settings) -> None:
    """List the models."""
    endpoint = ModelsEndpoint(state_of(app).models, app.title)
    app.add_api_route("/v1/models", endpoint.models, tags=[TAG])
    app.add_api_route("/v1/models/{name}", endpoint.model, tags=[TAG], responses=failures(404))


class ModelsEndpoint:
    """List models."""

    def __init__(self, models: Mapping[str, InferenceService], owner: str) -> None:
        self._models, self._owner, self._created = models, owner, int(time.time())

    async def models(self) -> ModelList:
        """Return the models of this service."""
        return ModelList(data=[*map(self._entry, self._models)])

    async def model(self, name: str) -> ModelEntry:
        """Return one model."""
        find(self._models, name)
        return self._entry(name)

    def _entry(self, name: str) -> ModelEntry:
        return ModelEntry(id=name, created=self._created, owned_by=self._owner)


def add_model_route(
    app: FastAPI, settings: Settings, path: str, endpoint: Callable[..., Any], **options: Any
) -> None:
    """Add a route whose body names a model."""
    statuses = failures(*{*body_statuses(settings), 400, 404, 500, 503, 504})
    app.router.add_api_route(
        path,
        endpoint,
        methods=["POST"],
        tags=[TAG],
        route_class_override=JsonRoute,
        responses={**statuses, **options.pop("responses", {})},
        **options,
    )


def find(
    models: Mapping[str, InferenceService],
    name: str,
    fits: Callable[[InferenceService], bool] = lambda _: True,
    purpose: str = "",
) -> InferenceService:
    """Return the service of a model.

    Raises:
        InvalidInputError: The model has another purpose.
        UnknownModelError: There is no such model.
    """
    if name not in models:
        served = ", ".join(models)
        raise UnknownModelError(f"There is no model {name[:SHOWN]!r}; there is: {served}")
    if not fits(models[name]):
        raise InvalidInputError(f"The model {name!r} {purpose}")
    return models[name]


def chat_class(service: InferenceService) -> type[Chat] | None:
    """Return the class of chats that a model takes; None if it takes or returns something else."""
    kind, output = service.signature
    chunk = streamer_of(service).chunk_type
    streams = is_of(chunk, ChatChunk) or is_of(chunk, ChatResult)
    if not (is_of(kind, Chat) and is_of(output, ChatResult) and streams):
        return None
    chat: type[Chat] = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return chat


def takes_chats(service: InferenceService) -> bool:
    """Return whether a model takes chats, and returns their next message."""
    return chat_class(service) is not None


def embeds(service: InferenceService) -> bool:
    """Return whether a model takes a text and returns a list of numbers."""
    inputs = TypeAdapter(service.signature.input).json_schema()
    output = TypeAdapter(service.signature.output).json_schema(mode="serialization")
    is_text = inputs.get("type") == "string" and "contentEncoding" not in inputs
    items = output.get("items", {})  # a tuple has none
    return is_text and output.get("type") == "array" and items.get("type") == "number"
