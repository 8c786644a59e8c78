"""Files of an artifact: which there are, whether they may be loaded, and their checksum."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.machinery import all_suffixes
from pathlib import Path
from zipfile import BadZipFile, ZipFile, is_zipfile

from ..errors import ConfigError

# Loading these runs code that is in them. `.bin` is only a pickle if it begins like one.
_OF_TORCH = frozenset((".ckpt", ".pt", ".pt2", ".pth", ".torchscript"))
PICKLES = _OF_TORCH | {".cloudpickle", ".dill", ".joblib", ".p", ".pickle", ".pkl"}
_COMPRESSED = frozenset((".bz2", ".gz", ".lz4", ".lzma", ".xz", ".z", ".zst"))
_BEGINNINGS_OF_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")


def checksum(path: Path) -> str:
    r"""Return the SHA-256 of a file or folder, in hexadecimal digits.

    That of a folder is the SHA-256 of a list with a line for each file, sorted by name: its
    SHA-256, two spaces, its name in the folder. So it is the output of

        find -L . -name '..?*' -prune -o -type f -printf '%P\0' | LC_ALL=C sort -z \
            | xargs -0 sha256sum | sha256sum

    Raises:
        ConfigError: There is no such file or folder, or it cannot be read.
    """
    with explained("ARTIFACT"):
        return digest(list_files(path, Path(path.resolve().anchor)))


def digest(files: dict[str, Path]) -> str:
    """Return the checksum of files by their names, as `checksum` defines it."""
    digests = {name: _of_file(file) for name, file in files.items()}
    if [*digests] == [""]:
        return digests[""]
    lines = (f"{digests[name]}  {name}\n" for name in sorted(digests, key=str.encode))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _of_file(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def root_of(path: Path) -> Path:
    """Return the folder that links in an artifact must not leave.

    It is the artifact's own folder. In a cache of the Hugging Face Hub, whose files are links, it
    is the one of the repository.
    """
    path = path.absolute()
    folder = path if path.is_dir() else path.parent
    for parent in (folder, *folder.parents):
        if parent.parent.name == "snapshots" and (parent.parents[1] / "blobs").is_dir():
            return parent.parents[1].resolve()
    return folder.resolve()


def list_files(artifact: Path, root: Path) -> dict[str, Path]:
    """Return the files of an artifact by their names in it; a single file has an empty name.

    Raises:
        ValueError: A link leads outside of `root`, an entry is neither a file nor a folder, or
            there are no files.
        OSError: Something does not exist or cannot be read.
    """
    target = _follow(artifact, root)
    if target.is_file():
        return {"": artifact}
    if not target.is_dir():
        raise ValueError(f"{artifact} is neither a file nor a folder")
    files = {p.relative_to(artifact).as_posix(): p for p in _walk(artifact, root, (target,))}
    if not files:
        raise ValueError(f"{artifact} is a folder without files")
    return files


def _walk(folder: Path, root: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.name.startswith(".."):
            continue  # where Kubernetes keeps the files of a volume; links to them are beside it
        target = _follow(entry, root)
        if not entry.name.isprintable() or "\\" in entry.name:
            raise ValueError(f"{ascii(str(entry))[1:-1]} has a name that is not portable")
        if target.is_file():
            yield entry
        elif target.is_dir() and target not in above:
            yield from _walk(entry, root, (*above, target))
        else:
            kind = "a link to a folder around it" if target.is_dir() else "neither file nor folder"
            raise ValueError(f"{entry} is {kind}")


def _follow(path: Path, root: Path) -> Path:
    """Return what a path leads to."""
    try:
        target = path.resolve(strict=True)
    except RuntimeError:  # of Python 3.11 and 3.12
        raise ValueError(f"{path} is a link to itself") from None
    if not target.is_relative_to(root):
        raise ValueError(f"{path} is a link that leads outside of {root}")
    return target


def size_of(file: Path) -> int:
    """Return the bytes of a file, those of an archive decompressed."""
    size = file.stat().st_size
    if is_zipfile(file):
        # Not an archive after all, or one that nothing can read.
        with suppress(BadZipFile, NotImplementedError), ZipFile(file) as archive:
            return max(size, sum(member.file_size for member in archive.infolist()))
    return size


def is_named_as_pickle(name: str) -> bool:
    """Return whether a file has the name of a pickle: loading it runs code that is in it."""
    path = Path(name.lower())
    return (Path(path.stem).suffix if path.suffix in _COMPRESSED else path.suffix) in PICKLES


def is_pickle(file: Path) -> bool:
    """Return whether loading a file runs code that is in it."""
    if file.suffix.lower() != ".bin":
        # MLflow imports modules of the folder that its file MLmodel is in.
        is_module = file.name.endswith(tuple(all_suffixes()))
        in_mlflow = is_module and any((parent / "MLmodel").is_file() for parent in file.parents)
        return in_mlflow or is_named_as_pickle(file.name)
    with file.open("rb") as stream:
        return stream.read(4).startswith(_BEGINNINGS_OF_PICKLES)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Explain errors of files in one line.

    Raises:
        ConfigError: In place of an OSError or ValueError.
    """
    try:
        yield
    except FileNotFoundError as exc:
        raise ConfigError(f"{name}: there is no file or folder {exc.filename}") from exc
    except OSError as exc:
        raise ConfigError(f"{name}: {exc.filename or 'file'}: {exc.strerror or exc}") from exc
    except ValueError as exc:
        raise ConfigError(f"{name}: {exc}") from exc
