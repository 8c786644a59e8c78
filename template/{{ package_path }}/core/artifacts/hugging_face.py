"""Fetch artifacts from the Hugging Face Hub, or from a copy that `HF_ENDPOINT` names.

`HF_TOKEN` gives access to private repositories; `HF_HUB_OFFLINE=1` forbids all requests.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from httpx2 import HTTPError
from huggingface_hub import HfApi, get_session
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.hf_api import RepoFile

from ...config.artifact import hub_address
from ..errors import ConfigError
from .download import Download, UnavailableError
from .files import PICKLES

SILENCE_S = 60  # the hub's client would wait forever
TRANSIENT = {408, 425, 429}  # and 5xx


def fetch(uri: str, target: Path, download: Download) -> None:
    """Write a file of a repository to a file, or all its files to a folder.

    Files that run code when they are loaded are left out of a folder, unless they are allowed.

    Raises:
        ConfigError: There is no such file, access is denied, or it is too large.
        UnavailableError: The hub does not respond.
    """
    address: Any = hub_address(uri)
    repository, revision, wanted = (address[n] for n in ("repository", "revision", "file"))
    api, part = HfApi(), target.with_name("hub")
    get_session().timeout = SILENCE_S
    with _explained(uri):
        tree = api.list_repo_tree(repository, revision=revision, recursive=True)
        files = [entry for entry in tree if isinstance(entry, RepoFile)]
        files = [file for file in files if _is_wanted(file.path, wanted, download)]
        if not files:
            raise ConfigError(f"model.artifact.uri: {uri}: there is no such file in the repository")
        download.expect(sum(file.size for file in files))
        with download.watch(part):
            for file in files:
                api.hf_hub_download(repository, file.path, revision=revision, local_dir=part)
    shutil.rmtree(part / ".cache", ignore_errors=True)
    (part / wanted if wanted else part).rename(target)


def _is_wanted(path: str, wanted: str | None, download: Download) -> bool:
    suffix = Path(path).suffix.lower()
    return path == wanted if wanted else download.pickles or suffix not in {*PICKLES, ".bin"}


@contextmanager
def _explained(uri: str) -> Iterator[None]:
    problem = f"model.artifact.uri: {uri}"
    try:
        yield
    except OfflineModeIsEnabled as exc:
        raise ConfigError(f"{problem}: is not in the cache, and HF_HUB_OFFLINE is set") from exc
    except HfHubHTTPError as exc:
        status = exc.response.status_code if exc.response is not None else 500
        reason = str(exc).partition("\n")[0][:300]
        if status >= 500 or status in TRANSIENT:
            raise UnavailableError(f"{uri}: {reason}") from exc
        raise ConfigError(f"{problem}: {reason}") from exc
    except (EntryNotFoundError, HTTPError) as exc:  # the connection failed
        raise UnavailableError(f"{uri}: {type(exc).__name__}: {exc}") from exc
