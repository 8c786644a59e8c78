"""Cache of predictions by input, bounded in number and in bytes."""

import logging
import pickle
from collections import OrderedDict
from collections.abc import Sequence
from sys import getsizeof
from types import NoneType
from typing import Any, Self

from ..config.settings import ModelSettings
from ..models.base import Model
from .cache_keys import SHORT, InputPacker, identify

logger = logging.getLogger(__name__)
Key = str | bytes | None
MISSING = object()
LONG = 100_000  # longer inputs are cached from their second time on: most uploads never repeat
CONSTANT = {str, int, float, bool, NoneType}


class PredictionCache:
    """Keep the most recently used predictions, pickled, so that callers cannot change them."""

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self._max_entries, self._max_bytes, self._bytes = max_entries, max_bytes, 0
        self._kept: OrderedDict[Key, Any] = OrderedDict()
        self._packer = InputPacker({})
        self._seen, self._reported = set[int](), set[str]()  # samples of long inputs; kinds

    @classmethod
    def of(cls, model: Model, settings: ModelSettings) -> Self | None:
        """Return the cache for a model, unless it or the settings turn it off."""
        size = settings.cache_size if model.cache else 0
        return cls(size, settings.cache_bytes) if size else None

    def key(self, input_data: Any) -> Key:
        """Return a key for an input; None if its prediction cannot be cached."""
        if type(input_data) is str and len(input_data) <= SHORT:
            return input_data
        is_long = type(input_data) in {str, bytes} and len(input_data) > LONG
        try:
            parts = [input_data] if is_long else self._packer.pack(input_data)
            if not self._is_new_and_long(parts):
                return identify(self._packer.pack(input_data) if is_long else parts)
        except Exception as exc:  # noqa: BLE001  (a custom type, a cycle, deep nesting)
            self._packer = InputPacker(self._packer.classes)  # the state of the old one is unknown
            self._report("inputs", exc)
        return None

    def get(self, key: Key) -> Any:
        """Return a copy of a prediction, or `MISSING`."""
        if key not in self._kept:
            return MISSING
        self._kept.move_to_end(key)
        return _unpack(self._kept[key])

    def put(self, key: Key, prediction: Any) -> Any:
        """Cache a prediction, and evict the least recently used ones; return a copy."""
        if key is None:
            return prediction
        try:
            packed = prediction if type(prediction) in CONSTANT else pickle.dumps(prediction, 5)
            if getsizeof(packed) > self._max_bytes:
                return prediction
            copy = _unpack(packed)
        except Exception as exc:  # noqa: BLE001  (such as a local class)
            self._report("predictions", exc)
            return prediction
        known = getsizeof(self._kept[key]) if key in self._kept else 0  # from a concurrent request
        self._bytes += getsizeof(packed) - known
        self._kept[key] = packed
        while self._bytes > self._max_bytes or len(self._kept) > self._max_entries:
            self._bytes -= getsizeof(self._kept.popitem(last=False)[1])
        return copy

    def _is_new_and_long(self, parts: Sequence[str | bytes]) -> bool:
        """Return whether an input is long and new, by a sample of its bytes."""
        if sum(map(len, parts)) <= LONG:
            return False
        sample = hash(tuple((p[:500], p[:: len(p) // 1000 | 1], p[-500:]) for p in parts))
        is_new = sample not in self._seen
        if is_new and len(self._seen) >= 2 * self._max_entries:
            self._seen.clear()
        self._seen.add(sample)
        return is_new

    def _report(self, what: str, exc: Exception) -> None:
        if what not in self._reported:
            self._reported.add(what)
            logger.warning("Some %s cannot be cached: %s", what, exc)


def _unpack(packed: Any) -> Any:
    return pickle.loads(packed) if type(packed) is bytes else packed  # noqa: S301  (packed here)
