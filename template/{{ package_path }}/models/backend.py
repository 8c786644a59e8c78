"""Base of the backends: models that a library loads from an artifact."""

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

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
    data_suffixes: ClassVar[tuple[str, ...]] = ()
    """Of these, those of pickles that the backend reads without running code that is in them."""
    framework: ClassVar[str] = ""
    """Package whose major and minor version must be those that made the artifact."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Check the class's `Options` as soon as it is defined, before an artifact is fetched.

        Raises:
            ConfigError: They do not extend those of its backend.
        """
        super().__init_subclass__(**keywords)
        for base in cls.__bases__:
            if issubclass(base, ArtifactModel) and not issubclass(cls.Options, base.Options):
                expected = f"its class Options must extend {base.Options.__qualname__}"
                raise ConfigError(f"{cls.__qualname__}: {expected}")

    @cached_property
    def cpus(self) -> CpuShare:
        """CPUs that this process and each call may use; set before `load`."""
        return CpuShare.of()

    def find_artifact(self) -> Path:
        """Return the path of the artifact.

        Raises:
            ConfigError: There is no artifact.
        """
        if self.artifact is None:
            name, suffix = type(self).__qualname__, self.artifact_suffixes[0]
            raise ConfigError(f"{name} has no artifact: set model.artifact.uri, such as a {suffix}")
        return self.artifact
