"""Artifacts of models, from where they are to a verified path.

resolve.py         resolves `model.artifact` and verifies it
tags.py            what changes when an artifact does, and its version in a registry
card.py            version, data and metrics of an artifact
card_table.py      prints them
files.py           files of an artifact, what may be loaded, the checksum
cache.py           keeps what is fetched, by checksum
download.py        progress and limit of a download
object_stores.py   fetches s3:, gs:, az:, https: (feature `object_stores`)
hugging_face.py    fetches hf: (feature `hugging_face`)
mlflow_registry.py fetches models: and runs: (backend `mlflow`)
"""

from .download import UnavailableError
from .files import checksum
from .resolve import Artifact, check_allowed, provide
from .tags import registered_version, tag_of

__all__ = [
    "Artifact",
    "UnavailableError",
    "check_allowed",
    "checksum",
    "provide",
    "registered_version",
    "tag_of",
]
