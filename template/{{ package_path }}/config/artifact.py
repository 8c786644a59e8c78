"""Settings of the model's artifact."""

import re

from pydantic import Field, ValidationInfo, field_validator

from .base import Section

SHA256 = r"^[0-9a-f]{64}$"
REMOTE = ("s3", "gs", "az", "https", "hf", "models", "runs")
EXPECTED = (
    "must be a path below the project's folder, such as artifacts/model.onnx, or begin with "
    "file:/, s3://, gs://, az://, https://, hf:, models:/ or runs:/"
)
_STORE = r"https://[\w.:-]+/[^\s?#]*[^\s?#/]|(s3|gs|az)://[\w.-]+/[^?#]*"
_HUB = r"hf:(?P<repository>[\w.-]+(/[\w.-]+)?)@(?P<revision>[\w.-]+)(/(?P<file>\S+))?"
_REGISTRY = r"models:/(?P<name>[^\s/@:?#%]+)(@(?P<alias>[\w-]+)|/(?P<version>[1-9]\d*))"
_RUN = r"runs:/[\w-]+/[^\s?#]+"


class ArtifactSettings(Section):
    """File or folder that the model loads: `MODEL__ARTIFACT__URI=…` in the environment."""

    uri: str | None = None
    """A path below the project's folder, `file:/…`, or an address: `s3://`, `gs://`, `az://` and
    `https://` with the feature `object_stores`, `hf:org/name@revision` with `hugging_face`,
    `models:/name@alias` and `models:/name/3` with the backend `mlflow`. A slash at the end means a
    folder of an object store."""
    sha256: str | None = Field(default=None, pattern=SHA256)
    """Checksum of the artifact, 64 lower-case hexadecimal digits, as `make checksum` prints it."""
    card: str | None = Field(default=None, min_length=1)
    """YAML file with the version and more, relative to the project's folder; by default, for a
    local `price.onnx`, `price.card.yaml` beside it, if there."""
    allow_pickle: bool = False
    """Whether the artifact may run code when it is loaded, as pickles do; needs `sha256`."""
    allow_unpinned: bool = False
    """Whether production serves an artifact without `sha256`, or `hf:` without the 40 digits of a
    revision."""
    max_bytes: int = Field(default=10_000_000_000, ge=1, le=10_000_000_000_000)
    """Largest artifact; ZIP archives, such as `.skops` and `.npz`, count decompressed."""
    cache_dir: str | None = Field(default=None, min_length=1)
    """Folder for fetched artifacts; by default `model-artifacts` in the user's cache folder."""

    @field_validator("uri")
    @classmethod
    def _known(cls, uri: str | None) -> str | None:
        scheme = scheme_of(uri or "")
        if uri is None or (scheme == "file" and re.match(r"file:(//)?/[^/]", uri)):
            return uri
        if scheme == "http":
            raise ValueError("must not be http:, because others could change it; use https:")
        if scheme == "hf" and not re.fullmatch(_HUB, uri, re.ASCII):
            raise ValueError("must be as hf:org/name@revision, or hf:org/name@revision/model.onnx")
        if scheme == "models" and not registry_address(uri):
            raise ValueError("must be as models:/name@alias or models:/name/3")
        if scheme == "runs" and not re.fullmatch(_RUN, uri, re.ASCII):
            raise ValueError("must be as runs:/0123abcd/model")
        if scheme in {"s3", "gs", "az", "https"} and not re.fullmatch(_STORE, uri, re.ASCII):
            raise ValueError(f"must be as {scheme}://host/model.onnx, without user or query")
        if scheme not in {"", *REMOTE} or not uri.strip():
            raise ValueError(EXPECTED)
        return uri

    @field_validator("card")
    @classmethod
    def _card_is_of_an_artifact(cls, card: str | None, info: ValidationInfo) -> str | None:
        if card and info.data.get("uri") is None:
            raise ValueError("needs uri, the artifact that it describes")
        return card

    @field_validator("allow_pickle")
    @classmethod
    def _pickles_are_pinned(cls, allow: bool, info: ValidationInfo) -> bool:
        if allow and not info.data.get("sha256"):
            raise ValueError("needs sha256, so that nobody else's code runs")
        return allow

    @property
    def is_remote(self) -> bool:
        """Whether the artifact is fetched."""
        return scheme_of(self.uri or "") in REMOTE

    @property
    def is_pinned(self) -> bool:
        """Whether the artifact always has the same bytes."""
        revision = (hub_address(self.uri or "") or {}).get("revision") or ""
        return bool(self.sha256 or re.fullmatch(r"[0-9a-f]{40}", revision))


def scheme_of(uri: str) -> str:
    """Return the scheme of a URI, in lower case; of a path, an empty text."""
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):", uri)
    return match[1].lower() if match else ""


def hub_address(uri: str) -> dict[str, str | None] | None:
    """Return repository, revision and file of an address in the Hugging Face Hub, else None."""
    match = re.fullmatch(_HUB, uri, re.ASCII)
    return match.groupdict() if match else None


def registry_address(uri: str) -> dict[str, str | None] | None:
    """Return name, alias and version of a model in an MLflow registry, else None."""
    match = re.fullmatch(_REGISTRY, uri, re.ASCII)
    return match.groupdict() if match else None
