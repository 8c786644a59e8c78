"""Fetch artifacts from the Hugging Face Hub, or from a copy that `HF_ENDPOINT` names.

`HF_TOKEN` gives access to private repositories; `HF_HUB_OFFLINE=1` forbids all requests.
"""

import logging
import re
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
from .files import is_named_as_pickle, is_pickle

logger = logging.getLogger(__name__)

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
        is_commit = re.fullmatch(r"[0-9a-f]{40}", revision)
        # A branch may move meanwhile.
        commit = revision if is_commit else api.repo_info(repository, revision=revision).sha
        tree = api.list_repo_tree(repository, revision=commit, recursive=True)
        files = [entry for entry in tree if isinstance(entry, RepoFile)]
        files = [file for file in files if _is_wanted(file.path, wanted, download)]
        if not files:
            raise ConfigError(f"model.artifact.uri: {uri}: there is no such file in the repository")
        download.expect(sum(file.size for file in files))
        with download.watch(part):
            for file in files:
                api.hf_hub_download(repository, file.path, revision=commit, local_dir=part)
    shutil.rmtree(part / ".cache", ignore_errors=True)
    if not (wanted or download.pickles):
        for path in [path for path in part.rglob("*.bin") if is_pickle(path)]:
            logger.info("Left out, because loading it runs code: %s", path.relative_to(part))
            path.unlink()
    (part / wanted if wanted else part).rename(target)


def tag(uri: str) -> str:
    """Return the commit that a revision is now.

    Raises:
        ConfigError: There is no such revision, or access is denied.
        UnavailableError: The hub does not respond.
    """
    address: Any = hub_address(uri)
    get_session().timeout = SILENCE_S
    with _explained(uri):
        return str(HfApi().repo_info(address["repository"], revision=address["revision"]).sha)


def _is_wanted(path: str, wanted: str | None, download: Download) -> bool:
    return path == wanted if wanted else download.pickles or not is_named_as_pickle(path)


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
    # The connection failed; the last three are of the hub's transfer library, Xet.
    except (EntryNotFoundError, HTTPError, ConnectionError, TimeoutError, RuntimeError) as exc:
        raise UnavailableError(f"{uri}: {type(exc).__name__}: {exc}") from exc
