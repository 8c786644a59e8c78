"""The suite passes on a correct server and finds each fault of a faulty one."""

import pytest

from faults import FAULTS
from faults.faulty_servers import Fault, body, path, put
from open_inference_conformance.statements import load
from reference.models import MODELS
from runs import request_file, run_all

STATEMENTS = load()
BARE = Fault("", inner=body(path("GET", "/v2"), put(extensions=[])))


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """Run the suite on correct servers: one for each model, and one that claims no extension."""
    jobs = {model: (None, model, []) for model in MODELS}
    return run_all(tmp_path_factory.mktemp("right"), jobs | {"bare": (BARE, "plain", [])})


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """Run the suite on a server with each fault; Schemathesis only where it must find the fault."""
    folder = tmp_path_factory.mktemp("wrong")
    given = [f"--request={request_file(folder)}"]

    def arguments(fault):
        return [*([] if "openapi" in fault.breaks else ["-m", "not slow"]),
                *(given if fault.given else [])]  # fmt: skip

    return run_all(folder, {n: (f, f.model, arguments(f)) for n, f in FAULTS.items()})


@pytest.mark.parametrize("model", [*MODELS, "bare"])
def test_suite_passes_on_a_server_that_is_right(right, model):
    assert right[model].code == 0, right[model].printed
    assert not right[model].failing


def test_every_statement_is_seen_to_hold(right):
    held = set().union(*(run.holding for run in right.values()))
    assert held == STATEMENTS.keys()


def test_required_statements_are_never_skipped(right):
    required = {name for name, statement in STATEMENTS.items() if statement.level == "required"}
    assert required <= right["bare"].holding


def test_statements_of_extensions_are_skipped_with_a_reason(right):
    results = right["bare"].results
    for name, statement in STATEMENTS.items():
        if statement.level == "extension":
            assert results[name]["skipped"].startswith("the server does not claim "), name


def test_every_statement_has_a_fault():
    assert {fault.about for fault in FAULTS.values()} == STATEMENTS.keys()


@pytest.mark.parametrize("name", FAULTS)
def test_fault_breaks_its_statements_and_no_others(wrong, name):
    assert wrong[name].failing == FAULTS[name].breaks, wrong[name].printed
    assert wrong[name].code == 1
