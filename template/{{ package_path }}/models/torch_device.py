"""Devices of PyTorch: where a model runs, and with how many threads of the CPU."""

import os
import re
import threading
from typing import Annotated, Any

from pydantic import AfterValidator

from ..core.errors import ConfigError
from ..utils.cpus import CpuShare
from .backend import ArtifactModel

VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
WORKER = "WORKER_NUMBER"  # of one of several workers, from 0
_bounds = threading.local()


def _check_device(name: str) -> str:
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", name, re.ASCII):
        raise ValueError("must be auto, cpu, mps, cuda, or one GPU, such as cuda:1")
    return name


Device = Annotated[str, AfterValidator(_check_device)]


class TorchOptions(ArtifactModel.Options):
    """Execution on PyTorch: `MODEL__OPTIONS__DEVICE=cuda` in the environment."""

    device: Device = "auto"
    """`cpu`, `cuda`, `mps`, or one of several GPUs, such as `cuda:1`; a device that is missing ends
    the start. `auto` takes a GPU if there is one. Workers take turns with the GPUs."""


def choose_device(wanted: str) -> Any:
    """Return the `torch.device` that an option names.

    Raises:
        ConfigError: It is not available.
    """
    import torch

    gpus = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    names = [*gpus, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]
    kind = names[0].partition(":")[0] if wanted == "auto" else wanted
    if kind == "cuda" and gpus:
        return torch.device(gpus[int(os.environ.get(WORKER, "0")) % len(gpus)])
    if kind not in names:
        is_built = "cuda" not in kind or torch.version.cuda or torch.version.hip
        reason = "" if is_built else f", because torch {torch.__version__} is built without CUDA"
        there = ", ".join(reversed(names))
        raise ConfigError(
            f"model.options.device: {wanted} is not available here: there is {there}{reason}"
        )
    return torch.device(kind)


def bound_threads(threads: int, cpus: CpuShare) -> None:
    """Bound the threads that PyTorch uses for calls from this thread.

    Args:
        threads: As many; 0 for the share of one call, unless a variable of OpenMP sets them.
        cpus: The shares.
    """
    if not threads and not any(map(os.environ.get, VARIABLES)):
        threads = cpus.call
    if threads and getattr(_bounds, "threads", 0) != threads:
        import torch

        torch.set_num_threads(threads)  # OpenMP has a number for each thread
        _bounds.threads = threads
