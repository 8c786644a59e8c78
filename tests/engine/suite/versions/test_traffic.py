"""Weighted choice of a version: exact shares, stable keys, the same in every process."""

import subprocess
import sys
from collections import Counter

import pytest

from src.core.metadata import PROJECT_DIR
from src.services.versions.traffic import Split

N = 10_000
KEYS = [f"user-{number}".encode() for number in range(N)]


def choices(weights, name="model"):
    split = Split(weights, name)
    return [split.choose(key) for key in KEYS]


@pytest.mark.parametrize(
    "weights", [{"1": 90, "2": 10}, {"1": 1, "2": 1}, {"1": 0.01, "2": 0.01, "3": 0.98}]
)
@pytest.mark.parametrize("is_sticky", [True, False])
def test_ten_thousand_requests_are_split_within_two_points(weights, is_sticky):
    split = Split(weights, "model")
    counts = Counter(split.choose(key if is_sticky else None) for key in KEYS)
    for version, share in split.shares.items():
        assert counts[version] / N == pytest.approx(share, abs=0.02)


def test_greater_weight_moves_its_share_of_the_keys_and_none_back():
    before, after = choices({"1": 90, "2": 10}), choices({"1": 80, "2": 20})
    moved = [pair for pair in zip(before, after, strict=True) if len({*pair}) > 1]
    assert {*moved} == {("1", "2")}
    assert len(moved) / N == pytest.approx(0.1, abs=0.02)


def test_new_version_takes_keys_and_moves_none_between_the_others():
    before, after = choices({"1": 80, "2": 20}), choices({"1": 80, "2": 20, "3": 10})
    assert {new for old, new in zip(before, after, strict=True) if old != new} == {"3"}


def test_split_of_another_model_is_independent():
    pairs = zip(choices({"1": 90, "2": 10}), choices({"1": 90, "2": 10}, "other"), strict=True)
    both = sum(pair == ("2", "2") for pair in pairs)
    assert both / N == pytest.approx(0.01, abs=0.006)


def test_another_process_makes_the_same_choices():
    code = (
        "from src.services.versions.traffic import Split\n"
        "split = Split({'1': 90, '2': 10}, 'model')\n"
        f"print(''.join(split.choose(b'user-%d' % n) for n in range({N})))"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=PROJECT_DIR,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == "".join(choices({"1": 90, "2": 10}))


def test_weights_are_relative_and_a_weight_of_zero_gets_nothing():
    assert choices({"1": 9, "2": 1}) == choices({"1": 0.9, "2": 0.1})
    assert {*choices({"1": 0, "2": 1})} == {"2"}
    assert Split({"1": 3, "2": 1, "3": 0}, "model").shares == {"1": 0.75, "2": 0.25}
