"""The protocol's own OpenAPI document: whatever it allows is sent (Schemathesis)."""

import copy
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from schemathesis import openapi
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import response_schema_conformance

from conformance.checks import envelope
from conformance.transport import Request, Response

DOCUMENT = Path(__file__).with_name("open_inference_rest.yaml")
EXAMPLES = 60  # an operation that takes a body
CHECKS = [not_a_server_error, response_schema_conformance]


def filled(document, model, version):
    """Put model and version into the paths.

    The document writes `/models/${MODEL_NAME}`: its variable is `{MODEL_NAME}`, and the `$` before
    it would be sent. A model without versions is asked without one.
    """
    document = copy.deepcopy(document)
    paths = {}
    for path, operations in document["paths"].items():
        filled_path = path.replace("${MODEL_NAME}", quote(model, safe=""))
        if version:
            filled_path = filled_path.replace("${MODEL_VERSION}", quote(version, safe=""))
        else:
            filled_path = filled_path.replace("/versions/${MODEL_VERSION}", "")
        operations.pop("parameters", None)
        paths[filled_path] = operations
    return {**document, "paths": paths}


def operations():
    document = yaml.safe_load(DOCUMENT.read_text("utf-8"))
    return [(m, path) for path, of_path in document["paths"].items() for m in ("get", "post")
            if m in of_path]  # fmt: skip


@pytest.fixture(scope="module")
def schema(subject):
    load_all_checks()
    document = yaml.safe_load(DOCUMENT.read_text("utf-8"))
    version = str(subject.versions[0]) if subject.versions else ""
    return openapi.from_dict(filled(document, subject.model, version))


@pytest.mark.slow
@pytest.mark.statement("openapi")
@pytest.mark.parametrize("index", range(len(operations())), ids=[" ".join(o) for o in operations()])
def test_whatever_the_document_allows_gets_an_answer_that_it_describes(subject, schema, index):
    operation = [result.ok() for result in schema.get_all_operations()][index]

    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck), print_blob=False)  # fmt: skip
    @given(case=operation.as_strategy())
    def answered(case):
        response = case.call(base_url=subject.url)
        sent = response.request
        body = sent.body.encode() if isinstance(sent.body, str) else sent.body
        got = Response(response.status_code, flat(response.headers), response.content)
        subject.exchange = [Request(sent.method, sent.url, {}, body), got]
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as failures:
            raise AssertionError(failures.exceptions[0].title) from failures
        if got.status >= 400:
            envelope(got)

    answered()


def flat(headers):
    return {name.lower(): values[0] for name, values in headers.items()}
