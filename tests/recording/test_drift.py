"""The drift report: the columns of records, a planted shift, quiet without one, clear errors."""

import importlib.util
import json
import random
import re
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from tools.managers import ROOT

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def script():
    """The module of the script that needs no library."""
    file = ROOT / "template/scripts/drift_records.py"
    spec = importlib.util.spec_from_file_location("drift_records", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(render):
    """A render in which the tests write records."""
    folder = render(features=["recording"])
    (folder / "recordings").mkdir()
    return folder


def record(number, input_data, output, **more):
    time = (BEGIN + timedelta(seconds=number)).isoformat(timespec="milliseconds")
    named = {"time": time.replace("+00:00", "Z"), "model": "price", "version": "1"}
    return {**named, "request_id": "", "input": input_data, "output": output, **more}


def flats(count, shift, seed=1, begin=0):
    """Return records of flats; with a shift, areas, cities, texts and prices are others."""
    chance = random.Random(seed)
    for number in range(begin, begin + count):
        area = chance.gauss(80 + 10 * shift, 15)
        words = int(chance.gauss(20 + 6 * shift, 4))
        flat = {
            "area": area,
            "floor": chance.randrange(5),
            "city": chance.choices(["Ulm", "Bonn", "Kiel"], [5, 3 + 6 * shift, 2])[0],
            "text": " ".join(chance.choice(["bright", "quiet", "old"]) for _ in range(words)),
        }
        yield record(number, flat, area * 30 + chance.gauss(0, 50))


def write(project, name, records):
    lines = "".join(json.dumps(each) + "\n" for each in records)
    (project / name).write_text(lines, "utf-8")


def make(project, *arguments):
    command = ["make", "drift-report", f"ARGS={' '.join(arguments)}"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=1700)


@pytest.mark.long
def test_report_finds_a_planted_shift_and_is_quiet_without_one(project):
    write(project, "earlier.jsonl", flats(400, 0))
    write(project, "recordings/predictions-1.jsonl", flats(300, 0, seed=2))
    write(project, "recordings/predictions-2.jsonl", flats(300, 0, seed=3, begin=300))
    first, second = make(project), make(project, "--reference", "earlier.jsonl")
    for quiet in (first, second):
        assert quiet.returncode == 0, quiet.stderr
        assert "DRIFTED" not in quiet.stdout
        assert "0 of 5 columns have drifted; the plots are in reports/drift.html" in quiet.stdout
    write(project, "recordings/predictions-2.jsonl", flats(300, 1, seed=3, begin=300))
    shifted = make(project)
    assert shifted.returncode == 0, shifted.stderr
    drifted = re.findall(r"^(.+): DRIFTED \(p = \S+\)$", shifted.stdout, re.MULTILINE)
    assert drifted == ["input.area", "input.city", "length of input.text", "output"]
    assert "input.floor: no drift" in shifted.stdout
    assert "Installing" in first.stdout
    assert "Installing" not in shifted.stdout, "it is kept"
    page = project / "reports/drift.html"
    text = page.read_text("utf-8")
    assert "plotly" in text
    assert "input.area" in text
    assert not re.search(r'<(script|link)[^>]*(src|href)="?http', text), "it needs no internet"
    assert page.stat().st_mode & 0o777 == 0o600
    assert (project / "reports/.gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("files", "arguments", "problem"),
    [
        ({}, [], "There are 0 records in recordings; at least 200 are needed. Set RECORDING__S"),
        ({"recordings/predictions-1.jsonl": 199}, [], "There are 199 records in recordings; at l"),
        (
            {"recordings/predictions-1.jsonl": 100, "a.jsonl": 99},
            ["--reference", "a.jsonl"],
            "There are 99 records in the reference; at least 100 are needed.",
        ),
        (
            {"recordings/predictions-1.jsonl": 100},
            ["--reference", "none.jsonl"],
            "none.jsonl cannot be read: ",
        ),
        (
            {"recordings/predictions-1.jsonl": 300},
            ["--model", "other"],
            "There are 0 records in recordings; at least 200",
        ),
    ],
)
def test_too_few_records_are_an_error_before_anything_is_installed(
    project, files, arguments, problem
):
    for name, count in files.items():
        write(project, name, flats(count, 0))
    done = make(project, *arguments)
    assert done.returncode != 0
    assert problem in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "build").exists()
    assert not (project / "reports").exists()


def test_records_that_cannot_be_compared_are_an_error(project):
    file = "recordings/predictions-1.jsonl"
    write(project, file, [record(n, "a", "b") for n in range(300)])
    assert (
        "There is nothing to compare: all values are left out, or the same" in make(project).stderr
    )
    write(project, file, [record(n, "a", "b", model=f"m{n % 2}") for n in range(300)])
    problem = 'The records are of several models; name one: ARGS="--model m0"'
    assert problem in make(project).stderr
    (project / file).write_text("{}\nno record\n{}\n")
    assert f"{file}:2 is not a record." in make(project).stderr


def test_line_that_is_still_being_written_is_left_out(script, tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text('{"input": 1}\n{"inp')
    assert [*script.read_file(file)] == [{"input": 1}]


def test_older_half_is_by_time_whatever_the_names_of_files(script, project):
    options = type("Options", (), {"recordings": project / "recordings", "reference": []})
    options.model = options.version = None
    write(
        project, "recordings/predictions-1.jsonl", (record(n, n / 7, 0.5) for n in range(200, 400))
    )
    write(project, "recordings/predictions-2.jsonl", (record(n, n / 7, 0.5) for n in range(200)))
    earlier, recent = script.read_columns(options)["input"]
    assert max(earlier) < min(recent)
    assert len(earlier) == len(recent) == 200


@pytest.mark.parametrize(
    ("value", "columns"),
    [
        (1.5, {"input": 1.5}),
        ("a", {"input": "a"}),
        (None, {"input": None}),
        ({"a": {"b": True}, "c": 1}, {"input.a.b": True, "input.c": 1}),
        (["a"], {"length of input": 1, "input[0]": "a"}),
        (
            [1, 3],
            {"length of input": 2, "mean of input": 2, "least of input": 1}
            | {"greatest of input": 3, "input[0]": 1, "input[1]": 3},
        ),
        (
            [0.5] * 784,
            {"length of input": 784, "mean of input": 0.5, "least of input": 0.5}
            | {"greatest of input": 0.5},
        ),
        ([], {"length of input": 0}),
    ],
)
def test_value_becomes_columns(script, value, columns):
    assert script.flatten("input", value) == columns


@pytest.mark.parametrize(
    ("values", "title", "expected"),
    [
        ([1.5, 2, None], "x", [1.5, 2.0, None]),
        ([*range(30)], "x", [float(number) for number in range(30)]),
        ([0, 1] * 10, "x", ["0", "1"] * 10),
        ([True, False] * 10, "x", ["True", "False"] * 10),
        (["a", "b"] * 10 + ["rare"], "x", ["a", "b"] * 10 + [None]),
        ([f"text {number:03}" for number in range(30)], "length of x", [8] * 30),
        (["a", 1] * 10, "x", ["a", "1"] * 10),
    ],
)
def test_column_is_of_numbers_or_categories_or_lengths(script, values, title, expected):
    assert script.as_one_kind("x", values) == (title, expected)


def test_errors_are_a_column(script):
    failed = [record(n, "a", None, error="PredictionError") for n in range(150)]
    served = [record(n, "a", "b") for n in range(150)]
    rows = [[script.row_of(each) for each in side] for side in (served, failed)]
    assert script.columns_of(*rows) == {"error": (["none"] * 150, ["PredictionError"] * 150)}
