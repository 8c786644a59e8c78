"""Parameters of tests, from tables of requests."""

from collections.abc import Iterable, Mapping

import pytest


def cases_of(table: Mapping[str, Iterable[str]], *names: str) -> pytest.MarkDecorator:
    """Parametrize the fixture `response` with each case of these names."""
    found = [(name, case) for name in names for case in table[name]]
    ids = [case if len(names) == 1 else f"{name}, {case}" for name, case in found]
    return pytest.mark.parametrize("response", found, ids=ids, indirect=True)
