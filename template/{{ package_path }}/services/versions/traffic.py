"""Choose a version for a request, by weights."""

import math
import random
from collections.abc import Mapping
from hashlib import blake2b

HASH_BYTES = 8


class Split:
    """Weighted rendezvous hashing: each key has one version, the same in every process.

    When a weight grows, keys move to that version only, and as few as its share demands. Source:
    Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", 2005.
    """

    def __init__(self, weights: Mapping[str, float], name: str) -> None:
        """Split requests for a model; keys of different models are independent."""
        self._weights = {version: weight for version, weight in weights.items() if weight}
        self._hashes = {
            version: blake2b(f"{name}\0{version}\0".encode(), digest_size=HASH_BYTES)
            for version in self._weights
        }
        self._only = next(iter(self._weights)) if len(self._weights) == 1 else None

    @property
    def shares(self) -> dict[str, float]:
        """Share of each version, of 1; versions without one are left out."""
        total = sum(self._weights.values())
        return {version: weight / total for version, weight in self._weights.items()}

    def choose(self, key: bytes | None = None) -> str:
        """Return the version of a key, or one by chance."""
        if self._only is not None:
            return self._only
        if not key:
            versions, weights = zip(*self._weights.items(), strict=True)
            chosen: str = random.choices(versions, weights)[0]  # noqa: S311  (not a secret)
            return chosen
        return min(self._weights, key=lambda version: self._score(version, key))

    def _score(self, version: str, key: bytes) -> float:
        digest = self._hashes[version].copy()
        digest.update(key)
        number = int.from_bytes(digest.digest(), "big") + 1  # not 0, whose logarithm is infinite
        return -math.log(number / (2 ** (8 * HASH_BYTES) + 1)) / self._weights[version]
