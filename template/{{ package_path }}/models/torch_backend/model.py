"""The base class of models of PyTorch."""

import logging
from typing import Any, ClassVar

from ...core.errors import ConfigError, InvalidInputError
from ..backend import ArtifactModel
from ..torch_device import TorchOptions, bound_threads, choose_device
from .programs import PROGRAMS, open_program
from .weights import put_weights, read_weights

logger = logging.getLogger(__name__)


class TorchModel(ArtifactModel):
    """A model whose artifact has the weights of a network, such as `artifacts/mood.safetensors`.

    `build` returns the network. An exported program, `.pt2` or `.torchscript`, needs no `build`.
    """

    class Options(TorchOptions):
        """Execution on PyTorch."""

    options: Options
    prefix: ClassVar[str] = "model."
    """Beginning of the names of weights that is removed: Lightning has the name of an attribute."""
    framework: ClassVar[str] = "torch"
    protocol_platform: ClassVar[str] = "pytorch_model"
    artifact_suffixes: ClassVar[tuple[str, ...]] = (
        ".safetensors", ".ckpt", ".pt", ".pth", *PROGRAMS
    )  # fmt: skip
    data_suffixes: ClassVar[tuple[str, ...]] = (".ckpt", ".pt", ".pth")

    network: Any
    """The loaded network, a `torch.nn.Module` on the device, which `run` calls."""
    device: Any
    """The `torch.device` that it is on."""
    metadata: dict[str, Any]
    """Values in the artifact beside weights: texts of safetensors, or `hyper_parameters` of
    Lightning; there before `build` is called."""

    def build(self) -> Any:
        """Return the network, a `torch.nn.Module`; `load` replaces its weights."""
        raise ConfigError(f"{type(self).__qualname__} needs `build`, which returns its network")

    def load(self) -> None:
        """Load the network.

        Raises:
            ConfigError: There is no artifact, it cannot be read, has code in it, or has weights of
                another network; the device is not available.
        """
        artifact = self.find_artifact()
        if artifact.is_dir():
            name = type(self).__qualname__
            raise ConfigError(f"{name}: model.artifact.uri must be a file, not {artifact}")
        self.device = choose_device(self.options.device)
        self.bound_threads()
        if artifact.suffix.lower() in PROGRAMS:
            self.metadata, self.network = {}, open_program(artifact, self.device)
        else:
            weights, self.metadata = read_weights(artifact)
            network = self.build()
            put_weights(network, weights, self.prefix, artifact)
            self.network = network.to(self.device).eval()
        logger.info("The network is on the device %s", self.device)

    def bound_threads(self) -> None:
        """Bound the threads of PyTorch for calls from this thread."""
        bound_threads(self.options.threads, self.cpus)

    def run(self, *inputs: Any) -> Any:
        """Return what the network returns for inputs, with all tensors on the CPU.

        Args:
            inputs: Tensors, arrays or lists; they are moved to the device.

        Raises:
            InvalidInputError: An exported program does not take inputs of this shape.
        """
        import torch

        self.bound_threads()
        with torch.inference_mode():
            moved = [torch.as_tensor(each, device=self.device) for each in inputs]
            try:
                return _on_cpu(self.network(*moved))
            except AssertionError as exc:
                if isinstance(self.network, torch.fx.GraphModule):
                    raise InvalidInputError(f"{exc}") from exc
                raise

    def unload(self) -> None:
        """Release the network and its memory."""
        self.network = None
        if getattr(getattr(self, "device", None), "type", "cpu") == "cuda":
            import torch

            torch.cuda.empty_cache()


def _on_cpu(output: Any) -> Any:
    """Return an output with its tensors on the CPU, also those within tuples, lists and dicts."""
    if hasattr(output, "cpu"):
        return output.cpu()
    if isinstance(output, dict):
        return {name: _on_cpu(value) for name, value in output.items()}
    return [*map(_on_cpu, output)] if isinstance(output, (list, tuple)) else output
