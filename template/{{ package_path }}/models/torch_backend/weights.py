"""Weights of a network from a file, without running code that is in it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zipfile import ZipFile, is_zipfile

from ...core.errors import ConfigError

KEYS = ("state_dict", "model_state_dict")  # of checkpoints that have more than weights
SHOWN = 3  # names in a message


def read_weights(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the tensors of a file by their names, and what the file has beside them.

    Raises:
        ConfigError: The file cannot be read, or has more than data.
    """
    try:
        return _read_safetensors(path) if path.suffix == ".safetensors" else _read_checkpoint(path)
    except ConfigError:
        raise
    except Exception as exc:
        reason = f"{type(exc).__name__}: {exc}".partition("\n")[0]
        raise ConfigError(f"{path} cannot be loaded: {reason}") from exc


def _read_safetensors(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118


def _read_checkpoint(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    from pickle import UnpicklingError

    import torch

    if _is_torchscript(path):
        raise ConfigError(f"{path} is TorchScript: name it .torchscript, which needs allow_pickle")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as exc:
        raise ConfigError(_describe(path)) from exc
    found = content if isinstance(content, dict) else {}
    key = next((key for key in KEYS if key in found), None)
    weights = found[key] if key else found
    if not weights or not all(isinstance(value, torch.Tensor) for value in weights.values()):
        raise ConfigError(f"{path} is not a state dict, and has none named {' or '.join(KEYS)}")
    return dict(weights), dict(found.get("hyper_parameters", {})) if key else {}


def _is_torchscript(path: Path) -> bool:
    if not is_zipfile(path):
        return False
    with ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _describe(path: Path) -> str:
    """Return why a checkpoint is more than data, from the names of what it would import."""
    import torch

    try:
        names = sorted(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    except Exception:  # noqa: BLE001  (of a file that is not a checkpoint)
        names = []
    if not names:
        return f"{path} cannot be loaded: not a checkpoint that `torch.save` has written"
    return (
        f"{path} has pickled objects, which could run code: {_list(names)}. Save tensors and plain "
        "values only: the `state_dict()` as safetensors, or without these `hyper_parameters`"
    )


def put_weights(network: Any, weights: dict[str, Any], prefix: str, path: Path) -> None:
    """Copy weights into a network.

    Args:
        network: The network, whose own weights are replaced.
        weights: Tensors by their names.
        prefix: Beginning of names that is removed, with all that lack it, if the network has no
            such names itself.
        path: The file, for the message.

    Raises:
        ConfigError: They are those of another network.
    """
    own = network.state_dict()
    if any(map(_has(prefix), weights)) and not any(map(_has(prefix), own)):
        weights = {n.removeprefix(prefix): weights[n] for n in filter(_has(prefix), weights)}
    shared = {own[name].data_ptr() for name in own if name in weights}  # as safetensors leaves out
    shapes = [
        f"{name} {[*weights[name].shape]}, not {[*own[name].shape]}"
        for name in own
        if name in weights and weights[name].shape != own[name].shape
    ]
    missing = [name for name in own if name not in weights and own[name].data_ptr() not in shared]
    problems = {"missing": missing, "unexpected": weights.keys() - own, "of another shape": shapes}
    found = [f"{problem}: {_list(names)}" for problem, names in problems.items() if names]
    if found:
        raise ConfigError(f"{path} has the weights of another network; {'; '.join(found)}")
    network.load_state_dict(weights, strict=False)


def _has(prefix: str) -> Any:
    return lambda name: bool(prefix) and name.startswith(prefix)


def _list(names: Iterable[str]) -> str:
    first, more = sorted(names)[:SHOWN], len([*names]) - SHOWN
    return ", ".join(first) + (f" and {more} more" if more > 0 else "")
