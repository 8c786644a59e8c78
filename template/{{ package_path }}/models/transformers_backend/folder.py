"""Load a network from a folder: offline, and never code that is in it."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from ...core.errors import ConfigError

logger = logging.getLogger(__name__)

WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
REASON_LIMIT = 300  # characters


class ServiceLog(logging.Handler):
    """Write the lines of a library in the service's log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a line on."""
        logger.handle(record)


@cache
def import_transformers() -> Any:
    """Import Transformers: its errors are in the service's log, its advice and bars nowhere."""
    # Tokenizers of several threads would otherwise start a thread for each processor, each.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import transformers

    lines: Any = transformers.utils.logging
    lines.disable_progress_bar()
    lines.disable_default_handler()
    lines.add_handler(ServiceLog())
    lines.set_verbosity_error()
    return transformers


def check_folder(folder: Path) -> None:
    """Check that a folder has a network and weights that can be loaded without running code.

    Raises:
        ConfigError: It does not.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder} must be a folder, as save_pretrained writes it")
    if not (folder / "config.json").is_file():
        raise ConfigError(f"{folder} has no config.json: it is not a model of Transformers")
    if (folder / "adapter_config.json").is_file():
        raise ConfigError(
            f"{folder} has an adapter, which would be ignored: merge it into the weights, with "
            "merge_and_unload of peft, and save those alone"
        )
    if not any((folder / name).is_file() for name in WEIGHTS):
        raise ConfigError(
            f"{folder} has no {WEIGHTS[0]}: other weights are not read, because loading them may "
            "run code; save_pretrained converts them"
        )


def load_network(folder: Path, task: str, dtype: str, unused: str) -> Any:
    """Return the network of a folder for a task, on the CPU.

    Args:
        folder: With its configuration and weights.
        task: Class of Transformers that chooses the network, such as `AutoModel`.
        dtype: Of the weights; `auto` for those that the folder has.
        unused: Beginning of the names of weights that need not be there.

    Raises:
        ConfigError: It cannot be loaded, or weights are missing.
    """
    check_folder(folder)
    with explained(f"{folder} cannot be loaded as {task}"):
        network, found = getattr(import_transformers(), task).from_pretrained(
            folder,
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # else the reason is in a table in the log
            output_loading_info=True,
        )
    names = [*found["missing_keys"], *(name for name, *_ in found["mismatched_keys"])]
    if missing := sorted(name for name in names if not name.startswith(unused)):
        saved = (network.config.architectures or ["network"])[0]
        raise ConfigError(
            f"{folder} has the weights of a {saved}; a {type(network).__name__} has others, such "
            f"as {missing[0]}"
        )
    return network


@contextmanager
def explained(problem: str) -> Iterator[None]:
    """Explain errors of Transformers in one line.

    Raises:
        ConfigError: In place of any error.
    """
    try:
        yield
    except ConfigError:
        raise
    except Exception as exc:
        reason = " ".join(f"{type(exc).__name__}: {exc}".split())[:REASON_LIMIT]
        raise ConfigError(f"{problem}: {reason}") from exc
