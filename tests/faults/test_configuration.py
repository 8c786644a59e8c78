"""Rows 31, 32 and 35: a service that cannot start gives the reason in one line, without secrets."""

import socket

import pytest

SECRET = "s3cr3t"
FILES = {
    "malformed": ("model:\n  name: [\n", "wrong.yaml:3:1: "),
    "no mapping": (f"- {SECRET}\n", "wrong.yaml:1:1: expected"),
    "duplicate": ("debug: false\nmodel: {}\ndebug: true\n", "wrong.yaml:3:1: debug is set twice"),
    "duplicate inside": ("model:\n  name: a\n  name: b\n", "wrong.yaml:3:3: name is set twice"),
    "unknown": (
        f"modle: {SECRET}\n",
        "wrong.yaml:1:1: modle: no such setting; did you mean model?",
    ),
    "unknown inside": (f"model:\n  nam: {SECRET}\n", "wrong.yaml:2:3: model.nam: no such setting"),
    "mistyped": (f"\ndebug: {SECRET}\n", "wrong.yaml:2:1: debug: Input should be"),
    "mistyped section": (f"service: {SECRET}\n", "wrong.yaml:1:1: service: "),
    "out of bounds": ("service:\n  timeout: -1\n", "wrong.yaml:2:3: service.timeout: "),
    "not of the form": (f"model:\n  name: '{SECRET} !'\n", "wrong.yaml:2:3: model.name: "),
    "tab": ("model:\n\tname: a\n", "wrong.yaml:2:1: "),
    "binary": (f"a: \0{SECRET}\n", "wrong.yaml:1:4: special"),
    "python object": (f"model: !!python/object:os.system {SECRET}\n", "wrong.yaml:1:8: "),
    "endless": ("a: &a [*a, *a]\n", "wrong.yaml:1:"),
    "deep": ("[" * 5000, "wrong.yaml:1:1: "),
}
VARIABLES = {
    "API_PORT": "environment API_PORT: api_port: ",
    "SERVICE__TIMEOUT": "environment SERVICE__TIMEOUT: service.timeout: ",
    "LOG_LEVEL": "environment LOG_LEVEL: log_level: ",
    "MODEL__NAM": "environment MODEL__NAM: model.nam: no such setting",
    "MODEL__IMPLEMENTATION": "model.implementation: ",
    "HARDENING__DRAIN_S": "environment HARDENING__DRAIN_S: hardening.drain_s: ",
}


def assert_explained(done, *parts):
    assert done.returncode == 78, done
    for part in parts:
        assert part in done.stderr + done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    assert SECRET not in done.stderr + done.stdout


@pytest.mark.row(31, 32)
@pytest.mark.parametrize("problem", FILES)
def test_wrong_file_is_78_with_file_line_and_column(attempt, tmp_path, problem):
    text, expected = FILES[problem]
    (tmp_path / "wrong.yaml").write_text(text)
    done = attempt(CONFIG_PATH=tmp_path / "wrong.yaml")
    assert_explained(done, expected)
    assert len(done.stderr.splitlines()) == 2, "a title, and what is wrong"


@pytest.mark.row(31, 32)
@pytest.mark.parametrize("name", VARIABLES)
def test_wrong_variable_is_78_with_its_name_and_never_its_value(attempt, name):
    assert_explained(attempt(**{name: f"{SECRET} {SECRET}"}), VARIABLES[name])


@pytest.mark.row(31)
def test_file_that_is_missing_is_78_where_it_was_named(attempt, tmp_path):
    missing = tmp_path / "missing.yaml"
    assert_explained(attempt(CONFIG_PATH=missing), f"CONFIG_PATH: there is no file {missing}")


@pytest.mark.row(31, 32)
@pytest.mark.parametrize("problem", ["mistyped", "duplicate"])
def test_wrong_file_is_78_with_several_workers_too(attempt, tmp_path, problem):
    text, expected = FILES[problem]
    (tmp_path / "wrong.yaml").write_text(text)
    assert_explained(attempt(CONFIG_PATH=tmp_path / "wrong.yaml", HARDENING__WORKERS=2), expected)


@pytest.mark.row(31)
@pytest.mark.parametrize("workers", [1, 2])
def test_model_that_cannot_be_loaded_is_78(attempt, workers):
    done = attempt("faulty_model:Unloadable", HARDENING__WORKERS=workers)
    assert done.returncode == 78
    message = "The model cannot be loaded: the artifact is not there"
    assert (done.stderr + done.stdout).count(message) == 1


@pytest.mark.row(31)
@pytest.mark.parametrize("workers", [1, 2])
def test_model_that_is_not_there_is_78(attempt, workers):
    done = attempt("none:None", HARDENING__WORKERS=workers)
    assert_explained(done, "model.implementation: none:None: ")


@pytest.mark.row(35)
@pytest.mark.parametrize("workers", [1, 2])
def test_port_in_use_is_one_line_and_no_success(attempt, workers):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = attempt(API_PORT=taken.getsockname()[1], HARDENING__WORKERS=workers)
    assert done.returncode not in {0, -9}
    output = done.stderr + done.stdout
    assert "Traceback" not in output
    (line,) = [line for line in output.splitlines() if "address already in use" in line.lower()]
    assert line.count(" - ERROR - ") == 1
