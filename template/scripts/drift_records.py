"""Records of predictions as columns, for scripts/drift_report.py."""

import argparse
import json
import random
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

LEAST, MOST = 100, 5000  # records on either side; of more, a random sample
MOST_CATEGORIES = 20  # different texts or whole numbers; more are free text, or quantities
LEAST_OF_A_CATEGORY = 10  # of both sides; rarer ones are left out
MOST_ELEMENTS = 20  # of a list that have a column each

Row = dict[str, Any]
Columns = dict[str, tuple[list[Any], list[Any]]]


def read_columns(options: argparse.Namespace) -> Columns:
    """Return earlier and recent values of each column; exit if there is nothing to compare."""
    current = read(sorted(options.recordings.glob("predictions-*.jsonl")), options)
    if options.reference:
        reference = read(options.reference, options)
        check_number(len(reference), LEAST, "the reference")
        check_number(len(current), LEAST, options.recordings)
    else:
        check_number(len(current), 2 * LEAST, options.recordings)
        half = len(current) // 2
        reference, current = current[:half], current[half:]
    chosen = random.Random(0)  # the same report each time
    sides = [chosen.sample(rows, min(len(rows), MOST)) for rows in (reference, current)]
    columns = columns_of(*([row_of(record) for record in side] for side in sides))
    return columns or sys.exit("There is nothing to compare: all values are left out, or the same.")


def check_number(number: int, least: int, where: object) -> None:
    """Exit if there are too few records."""
    if number < least:
        advice = "Set RECORDING__SAMPLE, such as to 1, and wait for predictions."
        sys.exit(f"There are {number} records in {where}; at least {least} are needed. {advice}")


def read(files: Iterable[Path], options: argparse.Namespace) -> list[Row]:
    """Return the records of one model, the oldest first."""
    records = [
        record
        for file in files
        for record in read_file(file)
        if options.model in {None, record.get("model")}
        if options.version in {None, record.get("version")}
    ]
    models = sorted({str(record.get("model")) for record in records})
    if len(models) > 1:
        sys.exit(f'The records are of several models; name one: ARGS="--model {models[0]}".')
    return sorted(records, key=lambda record: str(record.get("time")))


def read_file(file: Path) -> Iterator[Row]:
    """Yield the records of a file; a last line without an end is still being written."""
    try:
        lines = file.read_text("utf-8").split("\n")
    except (OSError, ValueError) as exc:
        sys.exit(f"{file} cannot be read: {exc}")
    for number, line in enumerate(lines[:-1], 1):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            sys.exit(f"{file}:{number} is not a record.")
        yield record


def row_of(record: Row) -> Row:
    """Return the values of a record by column, such as `input.rooms`, `input[0]`, `output`."""
    values = flatten("input", record.get("input")) | flatten("output", record.get("output"))
    return {**values, "error": record.get("error", "none")}


def flatten(name: str, value: Any) -> Row:
    """Return what a value consists of, by column."""
    if isinstance(value, dict):
        parts = [flatten(f"{name}.{key}", part) for key, part in value.items()]
        return {column: part for row in parts for column, part in row.items()}
    if not isinstance(value, list):
        return {name: value}
    row: Row = {f"length of {name}": len(value)}
    if value and {*map(type, value)} <= {int, float}:
        row[f"mean of {name}"] = sum(value) / len(value)
        row[f"least of {name}"], row[f"greatest of {name}"] = min(value), max(value)
    for index, item in enumerate(value if len(value) <= MOST_ELEMENTS else ()):
        row |= flatten(f"{name}[{index}]", item)
    return row


def columns_of(reference: list[Row], current: list[Row]) -> Columns:
    """Return the columns whose values differ, and of which both sides have enough."""
    found: Columns = {}
    for name in dict.fromkeys(name for row in (*reference, *current) for name in row):
        title, values = as_one_kind(name, [row.get(name) for row in (*reference, *current)])
        sides = values[: len(reference)], values[len(reference) :]
        present = [sum(value is not None for value in side) for side in sides]
        if len({*values} - {None}) > 1 and min(present) >= LEAST // 2:
            found[title] = sides
    return found


def as_one_kind(name: str, values: list[Any]) -> tuple[str, list[Any]]:
    """Return values as numbers or as categories, of free text its length; and a name for that."""
    known = [value for value in values if value is not None]
    kinds, counts = {*map(type, known)}, dict.fromkeys(known, 0)
    is_free = len(counts) > MOST_CATEGORIES
    if kinds == {str} and is_free:
        return f"length of {name}", [None if value is None else len(value) for value in values]
    if kinds <= {int, float} and (float in kinds or is_free):
        return name, [None if value is None else float(value) for value in values]
    for value in known:
        counts[value] += 1
    common = {value for value, count in counts.items() if count >= LEAST_OF_A_CATEGORY}
    return name, [str(value) if value in common else None for value in values]
