"""The output of the suite: a few lines for a failure, one line if it cannot start."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from faults import FAULTS
from open_inference_conformance.statements import load
from runs import request_file, run_all

README = Path(__file__).parent.parent / "README.md"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("messages")
    broken, rejected = folder / "broken.json", folder / "rejected.json"
    broken.write_text("{}")
    rejected.write_text('{"inputs": []}')
    right = (None, "text")
    return run_all(folder, {
        "example": (FAULTS["id-lost"], "text", ["-m", "not slow"]),
        "status": (FAULTS["crash-at-header"], "text", ["-k", "binary"]),
        "many": (FAULTS["content-type-demanded"], "text", ["-m", "client"]),
        "exception": (FAULTS["crash-at-no-outputs"], "text", ["-k", "openapi"]),
        "nothing described": (FAULTS["inputs-not-listed"], "echo", []),
        "given": (None, "echo", [f"--request={request_file(folder)}", "-k", "health"]),
        "unknown model": (None, "nobody", []),
        "unknown version": (*right, ["--model-version=3"]),
        "other version": (*right, ["--model-version=2", "-k", "version"]),
        "no file": (*right, [f"--request={folder}/missing.json"]),
        "broken file": (*right, [f"--request={broken}"]),
        "rejected file": (*right, [f"--request={rejected}"]),
    })  # fmt: skip


def block(run, statement):
    """Return the output about one statement, with a fixed port."""
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8000", run.printed)
    [found] = [part for part in text.split("\n\n") if part.startswith(f"✗ {statement} ")]
    return found


def test_failure_shows_statement_request_and_response(runs):
    assert block(runs["example"], "infer-id") == (
        "✗ infer-id (required; Inference Request JSON Object) The `id` of a request is in its "
        "answer.\n"
        "  expected `id` 'conformance 42 é'; got None\n"
        "    > curl -X POST http://127.0.0.1:8000/v2/models/text/infer "
        "-H 'Content-Type: application/json' "
        """-d '{"inputs": [{"name": "input", "shape": [2], "datatype": "BYTES", """
        """"data": ["a good day", "a bad day"]}], "id": "conformance 42 \\u00e9"}'\n"""
        """    < 200, application/json: {"model_name": "text", "model_version": "1.0.0", """
        """"outputs": [{"name": "prediction", "shape": [2], "datatype": "BYTES", """
        """"data": ["good", "bad"]}]}"""
    )


def test_failure_of_bytes_shows_them_on_one_line(runs):
    lines = block(runs["status"], "binary-error-envelope").splitlines()
    assert lines[2] == (
        "  binary-header-too-long, by one: expected a status from 400 to 499; got 500"
    )
    assert lines[3].endswith(r"""}}]}\x0a\x00\x00\x00a good day\x09\x00\x00\x00a bad day'""")
    assert lines[4] == '    < 500, application/json: {"error": "the header ends behind the body"}'
    assert len(lines) == 8


def test_failures_that_are_alike_are_counted(runs):
    lines = block(runs["many"], "triton-infer").splitlines()
    assert lines[2] == (
        "  JSON, JSON, plain, plain: InferenceServerException: [415] wrong on purpose "
        "(test_client_triton.py:79)"
    ).replace(":79", lines[2][-4:-1])
    assert lines[-1] == "  … and 15 more like these"
    assert len(lines) == 9


def test_failure_of_schemathesis_is_as_short(runs):
    text = block(runs["exception"], "openapi")
    assert "Server error" in text
    assert '"outputs": []' in text
    assert len(text.splitlines()) == 5


def test_summary_says_what_holds_was_skipped_and_does_not_hold(runs):
    summary = runs["example"].printed.split("\n\n")[-1].splitlines()
    assert summary[0] == "97 of 98 statements that apply hold."
    assert "2 skipped, the model has one input: infer-inputs-order, binary-input-mixed" in summary
    assert summary[-3:-1] == ["1 does not hold:", "  infer-id (required)"]


def test_no_traceback_is_printed(runs):
    for run in runs.values():
        assert "Traceback" not in run.printed


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing described", "the metadata do not describe its inputs. Give one"),
        ("unknown model", "does not know the model 'nobody'"),
        ("unknown version", "does not know the model 'text', version '3'"),
        ("no file", "--request: "),
        ("broken file", "is not an inference request: KeyError: 'inputs'"),
        ("rejected file", "--request: the model does not accept "),
    ],
)
def test_what_prevents_the_start_is_one_line(runs, name, said):
    run = runs[name]
    assert run.code == 4
    [line] = filter(None, run.printed.splitlines())
    assert line.startswith("ERROR: ")
    assert said in line


def test_given_request_and_version_are_used(runs):
    assert runs["given"].code == 0
    assert "statements that apply hold" in runs["other version"].printed
    assert runs["other version"].code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "the following arguments are required: --url, --model"),
        (["--url=127.0.0.1:8000", "--model=m"], 2, "as in http://127.0.0.1:8000"),
        (["--url=http://127.0.0.1:1"], 2, "required: --model"),
        (
            ["--url=http://127.0.0.1:1", "--model=m"],
            4,
            "ERROR: No response from http://127.0.0.1:1",
        ),
        (["--help"], 0, "exit codes: 0 every statement that applies holds"),
        (["--version"], 0, "open-inference-conformance 0."),
    ],
)
def test_command_says_what_it_needs(arguments, code, said, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "open_inference_conformance", *arguments], cwd=tmp_path, text=True,
        check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == code, done.stdout
    assert said in done.stdout
    assert "Traceback" not in done.stdout


def test_example_in_the_readme_is_what_is_printed(runs):
    text = README.read_text("utf-8")
    assert block(runs["example"], "infer-id") in text
    summary = runs["example"].printed.split("\n\n")[-1].rstrip().rpartition("\n")[0]
    assert summary in text


def test_readme_names_every_level_and_the_number_of_statements():
    text = README.read_text("utf-8")
    assert f"{len(load())} statements" in text
    for level in {statement.level for statement in load().values()}:
        assert f"| `{level}` |" in text
