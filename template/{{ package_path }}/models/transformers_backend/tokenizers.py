"""Tokenizers for several threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any, Self

from ...core.errors import ConfigError
from .folder import explained, import_transformers


class Tokenizers:
    """Copies of a tokenizer, each lent to one thread at a time: used by two, it may fail.

    There are as many as were ever lent at the same time.
    """

    def __init__(self, original: Any) -> None:
        self.original = original
        """The tokenizer to ask for its properties, and to copy."""
        self._free: list[Any] = []

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Load the tokenizer of a folder.

        Raises:
            ConfigError: There is none, or it cannot be loaded.
        """
        with explained(f"{folder}: tokenizer.json, or another tokenizer, cannot be loaded"):
            tokenizer = import_transformers().AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
        # Without any of these files it is one that knows no word.
        if not any((folder / name).is_file() for name in tokenizer.vocab_files_names.values()):
            raise ConfigError(f"{folder} has no tokenizer.json: save its tokenizer there, too")
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        return cls(tokenizer)

    @contextmanager
    def lend(self) -> Iterator[Any]:
        """Lend a tokenizer for a block."""
        try:
            tokenizer = self._free.pop()
        except IndexError:
            tokenizer = deepcopy(self.original)
        try:
            yield tokenizer
        finally:
            self._free.append(tokenizer)
