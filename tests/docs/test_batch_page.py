"""The page about predictions for a file: its commands, and a run that is killed."""

import csv
import json
import os
import signal
import subprocess
import time

import pytest

from tests.support.service_pages import ServicePage

TEXTS = {"a great day": "positive", "an awful day": "negative"}
ROWS, WORDS = 20_000, 200  # of a file of 20 MB
MEMORY = 20_000  # kB that a large file may take more than a small one


@pytest.fixture(scope="module")
def page(render, backend_commands):
    page = ServicePage("batch-predictions", render, backend_commands)
    page.run("python scripts/make_example_model.py")  # as the setup does
    return page


def test_commands_of_the_page_print_what_it_shows(page):
    page.run_scripts()


def test_file_is_complete_and_in_order_after_a_kill(page, tmp_path):
    expected = write(tmp_path / "small.csv", 100, words=1)
    small = tmp_path / "small.csv", tmp_path / "small.jsonl"
    for _ in range(2):  # the second time there is nothing left to do
        seconds, few = finish(page, *small)
        assert read(small[1]) == expected

    expected = write(tmp_path / "large.csv", ROWS, WORDS)
    output = tmp_path / "large.jsonl"
    with start(page, tmp_path / "large.csv", output) as process:
        while not (output.exists() and output.stat().st_size):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    before = output.read_bytes()
    assert 0 < before.count(b"\n") < ROWS, "killed in the middle"
    output.write_bytes(before[:-30])  # a kill in the middle of a line
    took, kilobytes = finish(page, tmp_path / "large.csv", output)
    assert read(output) == expected
    assert kilobytes < few + MEMORY
    rate = (ROWS - before.count(b"\n")) / (took - seconds)
    print(f"\nrows of 1 kB: {rate:.0f} in a second of the processor, start {seconds:.1f} s")
    print(f"peak {kilobytes} kB, of a small file {few} kB")


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ('{"row":1,"version":"0.9","prediction":1}\n', "is of version 0.9"),
        ("id,text\n1,good\n", "has a line that is not a prediction"),
        ("one line, and no end of it", "has a line that is not a prediction"),
    ],
)
def test_output_that_is_not_of_this_version_and_script_stays(page, there, expected, tmp_path):
    write(tmp_path / "small.csv", 3, words=1)
    output = tmp_path / "out.jsonl"
    output.write_text(there)
    process = start(page, tmp_path / "small.csv", output, stderr=subprocess.PIPE)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 78
    assert error.decode().count("\n") == 1
    assert expected in error.decode()
    assert output.read_text() == there


def write(path, rows, words):
    """Write a file of texts, and return what is expected of it."""
    texts = [*TEXTS][:2] * (rows // 2 + 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        rest = " filler" * words
        writer.writerows((number, text + rest) for number, text in enumerate(texts[:rows]))
    return [(row, TEXTS[text]) for row, text in enumerate(texts[:rows], start=1)]


def read(path):
    records = map(json.loads, path.read_text("utf-8").splitlines())
    return [(record["row"], record["prediction"]["label"]) for record in records]


def start(page, source, target, **options):
    script = page.project / "scripts/predict_file.py"
    arguments = ["--column", "text", "--rows", "128"]
    command = [page.commands / "python", script, source, target, *arguments]
    return subprocess.Popen(command, cwd=page.project, env=page.environment, **options)


def finish(page, source, target):
    """Run to the end; return the seconds of the processor and the peak of the memory."""
    process = start(page, source, target)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss
