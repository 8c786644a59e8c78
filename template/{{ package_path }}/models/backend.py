"""Base of the backends: models that a library loads from an artifact."""

from functools import cached_property
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from ..config.base import Section
from ..core.errors import ConfigError
from ..utils.cpus import CpuShare
from .base import Model


class ArtifactModel(Model):
    """A model that is in a file or a folder, which `model.artifact.uri` names."""

    class Options(Section):
        """Settings of a backend; a class that has more of them extends these."""

        threads: int = Field(default=0, ge=0, le=256)
        """Threads of the library for one call; 0: the processors of this process, shared by the
        calls at the same time."""

    options: Options
    version: ClassVar[str] = "unversioned"
    """Version, unless the artifact's card or `model.version` sets one."""
    protocol_platform: ClassVar[str]
    """Library and format, such as `onnxruntime_onnx`, for the metadata of the protocol."""
    artifact_suffixes: ClassVar[tuple[str, ...]]
    """File name suffixes that `model.artifact` may have."""

    @cached_property
    def cpus(self) -> CpuShare:
        """CPUs that this process and each call may use; set before `load`."""
        return CpuShare.of()

    def find_artifact(self, options: type[Options]) -> Path:
        """Return the path of the artifact.

        Args:
            options: What the backend needs of the class's `Options`.

        Raises:
            ConfigError: There is no artifact, or the class's `Options` do not extend these.
        """
        name, suffix = type(self).__qualname__, self.artifact_suffixes[0]
        if self.artifact is None:
            raise ConfigError(f"{name} has no artifact: set model.artifact.uri, such as a {suffix}")
        if not isinstance(self.options, options):
            raise ConfigError(f"{name}: its class Options must extend {options.__qualname__}")
        return self.artifact
