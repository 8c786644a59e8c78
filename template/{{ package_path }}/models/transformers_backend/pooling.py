"""One vector for a text, from those of its tokens."""

import json
from pathlib import Path
from typing import Any, NamedTuple, Self

from ...core.errors import ConfigError

LAYERS = {"Transformer", "Pooling", "Normalize"}
MODES = {"mean_tokens": "mean", "cls_token": "cls", "lasttoken": "lasttoken"}


class Pooling(NamedTuple):
    """Choice of a vector: the mean of the tokens, the first one, or the last one."""

    mode: str = "mean"
    max_tokens: int = 0
    """Most tokens of the texts that the network was trained with; 0 if unknown."""

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Return what sentence-transformers wrote into a folder; without that, the mean.

        Raises:
            ConfigError: The folder has layers, or a choice, that are not implemented here.
        """
        layers = {
            layer["type"].rpartition(".")[2]: folder / layer["path"]
            for layer in _read(folder / "modules.json", [])
        }
        if unknown := layers.keys() - LAYERS:
            raise ConfigError(f"{folder} has a layer {min(unknown)}, which is not applied here")
        limit = _read(folder / "sentence_bert_config.json", {}).get("max_seq_length")
        mode = _read_mode(layers["Pooling"] / "config.json") if "Pooling" in layers else "mean"
        return cls(mode, limit or 0)

    def pool(self, vectors: Any, mask: Any) -> Any:
        """Return a vector of length 1 for each text.

        Args:
            vectors: Of the tokens, in the shape `(texts, tokens, size)`.
            mask: In the shape `(texts, tokens)`, 1 where a text has a token.
        """
        if self.mode == "mean":
            weights = mask.unsqueeze(2).to(vectors.dtype)
            pooled = (vectors * weights).sum(dim=1) / weights.sum(dim=1)
        else:
            tokens = mask.cumsum(dim=1)  # the first has 1, the last the most, once
            chosen = (tokens * mask == (1 if self.mode == "cls" else tokens[:, -1:])).int()
            pooled = vectors[range(len(vectors)), chosen.argmax(dim=1)]
        return pooled / pooled.norm(dim=1, keepdim=True)


def _read(file: Path, default: Any) -> Any:
    return json.loads(file.read_text("utf-8")) if file.is_file() else default


def _read_mode(file: Path) -> str:
    values = _read(file, {})
    modes = {
        MODES.get(name.removeprefix("pooling_mode_")) for name in values if _is_on(values, name)
    }
    modes |= {values["pooling_mode"]} if "pooling_mode" in values else set()
    if len(modes) != 1 or not modes <= {*MODES.values()}:
        raise ConfigError(f"{file}: must choose one of {', '.join(MODES.values())}")
    return str(modes.pop())


def _is_on(values: dict[str, Any], name: str) -> bool:
    return name.startswith("pooling_mode_") and values[name] is True
