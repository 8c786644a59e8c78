"""Models of ONNX Runtime: open the graph on the providers that are configured, and run it."""

import mmap
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from ..config.settings import Texts
from ..core.errors import ConfigError
from .backend import ArtifactModel

SEVERITY_ERROR = 3  # ONNX Runtime writes its own lines to standard error
WEIGHTS_ELSEWHERE = b"\n\x08location\x12"  # a field of a tensor whose numbers are in another file


class OnnxModel(ArtifactModel):
    """A model whose artifact is a graph, such as `artifacts/price.onnx`."""

    class Options(ArtifactModel.Options):
        """Execution of the graph: `MODEL__OPTIONS__THREADS=2` in the environment."""

        providers: Texts = Field(default=("CPUExecutionProvider",), min_length=1)
        """Execution providers, the preferred one first; one that is missing ends the start."""
        provider_options: dict[str, dict[str, str]] = Field(default={})
        """Options of providers, by their names; only in YAML."""
        threads: int = Field(default=0, ge=0, le=256)
        """Threads of the session, shared by concurrent calls; 0: as many as there are processors
        for this process."""

    options: Options
    protocol_platform: ClassVar[str] = "onnxruntime_onnx"
    artifact_suffixes: ClassVar[tuple[str, ...]] = (".onnx",)

    session: Any
    """The session of ONNX Runtime."""
    metadata: dict[str, str]
    """Texts in the metadata of the graph, such as its labels."""

    def load(self) -> None:
        """Open the graph.

        Raises:
            ConfigError: There is no artifact, it is not a graph that this ONNX Runtime knows, or a
                provider is missing.
        """
        graph = find_graph(self.find_artifact())
        self.session = open_session(graph, self.options, self.cpus.process)
        self.metadata = dict(self.session.get_modelmeta().custom_metadata_map)
        self._inputs = [tensor.name for tensor in self.session.get_inputs()]

    def run(self, *inputs: Any) -> list[Any]:
        """Return the output arrays for input arrays, both in the order of the graph."""
        arrays = dict(zip(self._inputs, inputs, strict=True))
        outputs: list[Any] = self.session.run(None, arrays)
        return outputs


def find_graph(artifact: Path) -> Path:
    """Return the graph of an artifact, which is a file, or a folder with its weights beside it.

    Raises:
        ConfigError: The folder has no graph, or several; the file has its weights elsewhere.
    """
    if not artifact.is_dir():
        if artifact.stat().st_size and _has_weights_elsewhere(artifact):
            raise ConfigError(
                f"{artifact} has its weights in other files, which its checksum does not cover: "
                "name their folder in model.artifact.uri"
            )
        return artifact
    graphs = sorted(artifact.glob("*.onnx"))
    if len(graphs) != 1:
        found = ", ".join(graph.name for graph in graphs) or "none"
        raise ConfigError(f"{artifact} must have one file .onnx; it has: {found}")
    return graphs[0]


def _has_weights_elsewhere(graph: Path) -> bool:
    with graph.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(WEIGHTS_ELSEWHERE) >= 0


def open_session(path: Path, options: OnnxModel.Options, threads: int) -> Any:
    """Open a graph on exactly the providers that the options name, with that many threads.

    By path and not by content: the weights of a large graph are in files beside it.

    Raises:
        ConfigError: The graph cannot be read, or a provider is missing.
    """
    import onnxruntime

    _check_providers(options.providers, onnxruntime.get_available_providers())
    session_options = onnxruntime.SessionOptions()
    session_options.intra_op_num_threads = options.threads or threads
    session_options.inter_op_num_threads = 1
    session_options.log_severity_level = SEVERITY_ERROR
    try:
        session = onnxruntime.InferenceSession(
            str(path),
            session_options,
            providers=[*options.providers],
            provider_options=[options.provider_options.get(name, {}) for name in options.providers],
            enable_fallback=0,
        )
    except Exception as exc:
        reason = " ".join(str(exc).split())
        version = onnxruntime.__version__
        raise ConfigError(f"{path} cannot be loaded by ONNX Runtime {version}: {reason}") from exc
    _check_providers(options.providers, session.get_providers())
    return session


def _check_providers(wanted: tuple[str, ...], there: list[str]) -> None:
    """Check that no provider is missing: the graph would silently run on the CPU."""
    if missing := [name for name in wanted if name not in there]:
        raise ConfigError(
            f"model.options.providers: {', '.join(missing)}: not available here, only "
            f"{', '.join(there)}. For a GPU, onnxruntime-gpu replaces onnxruntime, and its driver "
            "must be there"
        )
