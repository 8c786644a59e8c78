"""Fetch artifacts from object stores.

Credentials and regions are those of the platform: variables such as `AWS_REGION`,
`GOOGLE_SERVICE_ACCOUNT` and `AZURE_STORAGE_ACCOUNT_NAME`, or its metadata service.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore import exceptions as errors
from obstore.store import from_url

from ..errors import ConfigError
from .download import Download, UnavailableError

# A download may take hours, but not a minute without bytes. The caller tries again after longer.
CLIENT: Any = {
    "connect_timeout": timedelta(seconds=10),
    "read_timeout": timedelta(seconds=60),
    "timeout": timedelta(days=1),
}
RETRIES: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=30)}
PREFIXES = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE"}  # of variables
DENIED = (errors.PermissionDeniedError, errors.UnauthenticatedError)
DEFINITE = (errors.InvalidPathError, errors.NotSupportedError, errors.UnknownConfigurationKeyError)
# Found in the details of an error that is not one of the above.
CAUSES = {
    r"BadScheme": "it, or what it redirects to, is not encrypted",
    r"InvalidCertificate": "its certificate is not trusted; SSL_CERT_FILE may name your authority",
    r"MissingContentLength": "its server does not declare a length",
    r"status code: 4(?!08|12|25|29)\d\d": "",
}


def fetch(uri: str, target: Path, download: Download) -> None:
    """Write an object to a file, or all objects below a URI with a slash at its end to a folder.

    Raises:
        ConfigError: There is no such object, access is denied, or it is too large.
        UnavailableError: The store does not respond.
    """
    key = unquote(urlsplit(uri).path).strip("/")
    with _explained(uri):
        store = _open(uri)
        if not uri.endswith("/"):
            _save(store, key, None, target, download)
            return
        files = {_below(item["path"], key): item for item in _list(store, key)}
        if not files:
            raise ConfigError(f"model.artifact.uri: {uri}: there are no objects below it")
        download.expect(sum(item["size"] for item in files.values()))
        for name, item in files.items():
            _save(store, item["path"], item["e_tag"], target / name, download)


def tag(uri: str) -> str:
    """Return a text that changes when an object, or one of those below a URI, does.

    Raises:
        ConfigError: There is no such object, or access is denied.
        UnavailableError: The store does not respond.
    """
    key = unquote(urlsplit(uri).path).strip("/")
    with _explained(uri):
        store = _open(uri)
        items = _list(store, key) if uri.endswith("/") else [obstore.head(store, key)]
        return repr([(item["path"], item["e_tag"], item["last_modified"]) for item in items])


def _open(uri: str) -> Any:
    parts = urlsplit(uri)
    prefix = PREFIXES.get(parts.scheme)
    allow_http = os.environ.get(f"{prefix}_ALLOW_HTTP", "").lower() if prefix else ""
    options: Any = {**CLIENT, "allow_http": allow_http in {"1", "true"}}
    address = f"{parts.scheme}://{parts.netloc}"
    try:
        return from_url(address, client_options=options, retry_config=RETRIES)
    except (errors.BaseError, ValueError) as exc:
        raise ConfigError(f"model.artifact.uri: {uri}: {_reason(exc)}") from exc


def _list(store: Any, key: str) -> list[Any]:
    """Return the objects below a key, without the empty ones that only show a folder."""
    objects = [item for page in obstore.list(store, key or None) for item in page]
    folders = {key, *(str(up) for item in objects for up in PurePosixPath(item["path"]).parents)}
    return [item for item in objects if item["size"] or item["path"] not in folders]


def _save(store: Any, key: str, e_tag: str | None, target: Path, download: Download) -> None:
    # With a tag it is still the object of the list: a folder is not a mixture of two versions.
    found = obstore.get(store, key, options={"if_match": e_tag} if e_tag else None)
    if e_tag is None:
        download.expect(found.meta["size"])
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        for chunk in found.stream():
            download.add(len(chunk))
            file.write(chunk)


def _below(path: str, key: str) -> str:
    """Return the name of an object in its folder; reject one that would be written elsewhere."""
    name = path.removeprefix(key).lstrip("/")
    if not {*PurePosixPath(name).parts}.isdisjoint({"..", "/"}) or re.search(r"[\\:\0]", name):
        raise ConfigError(f"model.artifact.uri: the object {path!r} has a name that is not allowed")
    return name


@contextmanager
def _explained(uri: str) -> Iterator[None]:
    problem = f"model.artifact.uri: {uri}"
    try:
        yield
    except FileNotFoundError as exc:  # obstore's error for a missing object
        raise ConfigError(f"{problem}: there is no such object; end a folder with a slash") from exc
    except DENIED as exc:
        raise ConfigError(f"{problem}: access is denied; check credentials and rights") from exc
    except DEFINITE as exc:
        raise ConfigError(f"{problem}: {_reason(exc)}") from exc
    except errors.BaseError as exc:
        for pattern, cause in CAUSES.items():
            if re.search(pattern, str(exc)):
                raise ConfigError(f"{problem}: {cause or _reason(exc)}") from exc
        raise UnavailableError(f"{uri}: {_reason(exc)}") from exc


def _reason(exc: Exception) -> str:
    """Return the beginning of a message, without queries, which may be signed."""
    return re.sub(r"\?[^\s\"')]+", "", str(exc).partition("\n")[0])[:300]
