"""What routes ask for, as named types."""

from typing import Annotated

from fastapi import Depends, Request

from ..config.settings import Settings
from ..services.inference_service import InferenceService


def get_inference_service(request: Request) -> InferenceService:
    """Give the service that `create_app` built."""
    service: InferenceService = request.app.state.inference_service
    return service


def get_settings(request: Request) -> Settings:
    """Give the settings that the app was built from."""
    settings: Settings = request.app.state.settings
    return settings


InferenceServiceDep = Annotated[InferenceService, Depends(get_inference_service)]
SettingsDep = Annotated[Settings, Depends(get_settings)]
