"""YAML reading: tolerant as a helper, strict at start-up."""

from pathlib import Path

import pytest

from src.utils.helpers import load_yaml_config, merge, yaml_positions


@pytest.mark.parametrize("content", ["", "# only a comment\n", "---\n"])
def test_empty_file_gives_nothing(tmp_path, content):
    file = tmp_path / "config.yaml"
    file.write_text(content)
    assert load_yaml_config(file, strict=True) == {}


def test_missing_file_gives_nothing(tmp_path):
    assert load_yaml_config(tmp_path / "none.yaml", strict=True) == {}


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"a: 1\n b: [", ":2:3: "),
        (b"a: 1\nb: 2\na: 3\n", ":3:1: a is set twice"),
        (b"- a\n- b\n", ":1:1: expected `name: value` lines"),
        (b"just text", ":1:1: expected `name: value` lines"),
        (b"a: \xff\xfe", ":1:4: invalid start byte"),
        (b"a: 1\nb: 2\n c\0", ":3:3: special characters are not allowed"),
        (b"a: !!python/object:os.system {}\n", ":1:4: "),
        (b"[1]: 2\n? [a]\n: b\n", ":1:1: "),
        (b"[" * 10_000, ":1:1: "),
    ],
)
def test_bad_file_is_ignored_with_a_line_in_the_log_or_raises_when_strict(
    tmp_path, log, content, place
):
    file = tmp_path / "config.yaml"
    file.write_bytes(content)
    assert load_yaml_config(file) == {}
    assert place in log.getvalue()
    assert len(log.getvalue().splitlines()) == 1
    with pytest.raises(ValueError, match=r"config\.yaml") as failure:
        load_yaml_config(file, strict=True)
    assert place in str(failure.value)


def test_folder_in_place_of_the_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=tmp_path.name):
        load_yaml_config(tmp_path, strict=True)


def test_positions_tell_line_and_column_of_each_key(tmp_path: Path):
    file = tmp_path / "config.yaml"
    file.write_text("a: 1\nb:\n  c: 2\n")
    assert yaml_positions(file) == {("a",): "1:1", ("b",): "2:1", ("b", "c"): "3:3"}


def test_alias_may_lead_back_to_where_it_stands(tmp_path: Path):
    file = tmp_path / "config.yaml"
    file.write_text("a: &a\n  b: *a\n")
    assert yaml_positions(file) == {("a",): "1:1", ("a", "b"): "2:3"}


def test_number_means_what_it_looks_like(tmp_path: Path):
    file = tmp_path / "config.yaml"
    file.write_text("a: 010\nb: 1:30\nc: 10\n")
    assert load_yaml_config(file) == {"a": "010", "b": "1:30", "c": 10}


def test_merge_lays_one_mapping_over_another_and_changes_neither():
    base, over = {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 4}, "e": 5}
    assert merge(base, over) == {"a": 1, "b": {"c": 4, "d": 3}, "e": 5}
    assert base == {"a": 1, "b": {"c": 2, "d": 3}}
    assert over == {"b": {"c": 4}, "e": 5}
