"""The base class of models of Transformers."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from ...core.errors import ConfigError, InvalidInputError
from ..backend import ArtifactModel
from ..torch_device import TorchOptions, bound_threads, choose_device
from .folder import load_network
from .tokenizers import Tokenizers

logger = logging.getLogger(__name__)


class TransformersModel(ArtifactModel):
    """A model whose artifact is a folder with network, weights and tokenizer."""

    class Options(TorchOptions):
        """Execution of the network: `MODEL__OPTIONS__DEVICE=cuda` in the environment."""

        dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
        """Numbers that the network computes with; `auto` for those of the artifact."""
        max_tokens: int = Field(default=0, ge=0)
        """Most tokens of an input, together with a text that is generated for it; 0 for as many as
        the artifact allows."""

    options: Options
    task: ClassVar[str] = "AutoModel"
    """Class of Transformers that chooses the network by the artifact's configuration."""
    unused_weights: ClassVar[str] = "\n"
    """Beginning of the names of weights that the artifact may lack."""
    framework: ClassVar[str] = "transformers"
    protocol_platform: ClassVar[str] = "transformers_model"
    artifact_suffixes: ClassVar[tuple[str, ...]] = ()

    network: Any
    """The loaded network, a `torch.nn.Module` on the device."""
    device: Any
    """The `torch.device` that it is on."""
    tokenizers: Any
    """The tokenizers: `with self.tokenizers.lend() as tokenizer`."""
    max_tokens: int
    """Most tokens of an input, together with a text that is generated for it."""

    def load(self) -> None:
        """Load network and tokenizer.

        Raises:
            ConfigError: There is no artifact, it cannot be loaded without running its code, it is
                for another task, or the device is not available.
        """
        folder = self.find_artifact()
        self.device = choose_device(self.options.device)
        self.bound_threads()
        network = load_network(folder, self.task, self.options.dtype, self.unused_weights)
        self.tokenizers = Tokenizers.of(folder)
        tokenizer = self.tokenizers.original
        if network.config.pad_token_id is None:
            network.config.pad_token_id = tokenizer.pad_token_id
        limits = [self.options.max_tokens, *find_limits(network, tokenizer)]
        self.max_tokens = min(filter(None, limits))
        self.network = network.to(self.device).eval()
        logger.info("The network is on the device %s", self.device)

    def find_artifact(self) -> Path:
        """Return the path of the artifact.

        Raises:
            ConfigError: There is no artifact.
        """
        if self.artifact is None:
            raise ConfigError(
                f"{type(self).__qualname__} has no artifact: set model.artifact.uri to a folder, "
                "or to a snapshot, such as hf:org/name@revision"
            )
        return self.artifact

    def encode(self, texts: list[str]) -> Any:
        """Return the tokens of texts and their mask, as tensors; what is too long is cut.

        Raises:
            InvalidInputError: A text has no tokens.
        """
        with self.tokenizers.lend() as tokenizer:
            tokens = tokenizer(
                texts,
                padding=True,
                truncation=True,
                max_length=self.max_tokens,
                return_tensors="pt",
            )
        if not tokens["attention_mask"].any(dim=1).all():
            raise InvalidInputError("The text must not be empty")
        return tokens.to(self.device)

    def bound_threads(self) -> None:
        """Bound the threads of PyTorch for calls from this thread."""
        bound_threads(self.options.threads, self.cpus)

    def run(self, texts: list[str]) -> Any:
        """Return what the network returns for texts, and the mask of their tokens."""
        import torch

        self.bound_threads()
        tokens = self.encode(texts)
        with torch.inference_mode():
            return self.network(**tokens), tokens["attention_mask"]

    def unload(self) -> None:
        """Release the network and its memory."""
        self.network = self.tokenizers = None
        if getattr(getattr(self, "device", None), "type", "cpu") == "cuda":
            import torch

            torch.cuda.empty_cache()


def find_limits(network: Any, tokenizer: Any) -> Iterator[int]:
    """Yield the most tokens that tokenizer and network take."""
    yield tokenizer.model_max_length
    if positions := getattr(network.config, "max_position_embeddings", None):
        tables = [m for m in network.modules() if getattr(m, "num_embeddings", 0) == positions]
        # RoBERTa and others count positions from the number of the padding token on.
        used = [table.padding_idx + 1 for table in tables if table.padding_idx is not None]
        yield positions - max(used, default=0)
