"""Programs that are files: of `torch.export` and TorchScript. Loading them may run code.

So both need the consent of `model.artifact`, as pickles do. For `.pt2` there is a check, too:
`torch.export.load` unpickles objects, and evaluates texts. It rejects the known ways to have code
run by that; consent is for those that nobody knows.
"""

import json
import re
import warnings
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from ...core.errors import ConfigError

MEMBERS = re.compile(
    r"archive_(format|version)|byteorder|\.data/\w+|extra/.*|models/\w+\.json"
    r"|data/(weights|constants)/((weight|tensor)_\d+|\w+_config\.json)"
    r"|data/(weights|constants|sample_inputs)/\w+\.pt"
)
# Of sizes, which are evaluated: symbols, sizes of inputs, functions of sympy, numbers, operators.
EXPRESSION = re.compile(
    r"(Symbol\('\w+'(, \w+=True)*\)|L(\['\w+'\]|\[\d+\])+(\.(size|stride)\(\)\[\d+\])?"
    r"|[A-Z][A-Za-z]*(?=\()|\b(and|or|not|min|max|True|False)\b|\d+(\.\d+)?|[-+*/%<>=!&|~(), ])*"
)


def open_program(path: Path, device: Any) -> Any:
    """Return a program as a function of tensors, on a device.

    Raises:
        ConfigError: The file cannot be read, or could run code other than its graph.
    """
    try:
        return PROGRAMS[path.suffix.lower()](path, device)
    except ConfigError:
        raise
    except Exception as exc:
        reason = f"{type(exc).__name__}: {exc}".partition("\n")[0]
        raise ConfigError(f"{path} cannot be loaded: {reason}") from exc


def _open_exported(path: Path, device: Any) -> Any:
    import torch
    from torch.export.passes import move_to_device_pass

    if problem := next(_problems(path), None):
        raise ConfigError(f"{path} {problem}: it could run code when it is loaded; export it again")
    return move_to_device_pass(torch.export.load(path), device).module()


def _problems(path: Path) -> Iterator[str]:
    """Yield what an exported program has that could run code, read as `torch.export.load` does."""
    from torch.export.pt2_archive import PT2ArchiveReader

    with ZipFile(path) as archive:
        # Without a folder around them: the format before 2.8, which is read with other rules.
        yield from (f"has {name}" for name in archive.namelist() if "/" not in name)
    with PT2ArchiveReader(str(path)) as reader:
        for name in reader.get_file_names():
            if not MEMBERS.fullmatch(name):
                yield f"has {name}"
            elif name.endswith((".pt", ".json")):
                yield from map(f"{name}: {{}}".format, _inspect(name, reader.read_bytes(name)))


def _inspect(name: str, content: bytes) -> Iterator[str]:
    """Yield what a member has that could run code."""
    import torch

    if name.endswith(".pt"):
        try:
            torch.load(BytesIO(content), weights_only=True)
        except Exception as exc:  # noqa: BLE001  (`torch.export.load` would then run the pickle)
            yield f"has pickled objects ({type(exc).__name__})"
    elif name.endswith("_config.json"):
        for entry in json.loads(content)["config"].values():
            if entry["use_pickle"] or not re.fullmatch(r"(weight|tensor)_\d+", entry["path_name"]):
                yield f"has pickled objects ({entry['path_name']})"
    else:
        texts = _find(json.loads(content), {"expr_str", "guards_code"})
        yield from (f"evaluates {text!r}" for text in texts if not EXPRESSION.fullmatch(text))


def _find(value: Any, keys: set[str]) -> Iterator[str]:
    """Yield the texts that have one of these keys, at any depth."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if key in keys:
            yield from [item] if isinstance(item, str) else item
        elif isinstance(item, (dict, list)):
            yield from _find(item, keys)


def _open_torchscript(path: Path, device: Any) -> Any:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # known: there is no other loader
        load: Any = torch.jit.load
        return load(path, map_location=device).eval()


PROGRAMS: dict[str, Callable[[Path, Any], Any]] = {
    ".pt2": _open_exported,
    ".torchscript": _open_torchscript,
}
