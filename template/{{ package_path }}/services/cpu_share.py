"""CPU shares for models of a backend."""

from ..config.settings import Settings
from ..models.backend import ArtifactModel
from ..models.base import Model
from ..utils.cpus import CpuShare
from .inference_service import InferenceService


def install(service: InferenceService, settings: Settings) -> None:
    """Share the CPUs among the processes, and among the calls at the same time."""
    model = service.runner.model
    if isinstance(model, ArtifactModel):
        workers = getattr(getattr(settings, "hardening", None), "workers", 1)
        batches = type(model).predict_batch is not Model.predict_batch
        one_by_one = model.inline or (batches and hasattr(settings, "batching"))
        model.cpus = CpuShare.of(workers, 1 if one_by_one else settings.service.threads)
