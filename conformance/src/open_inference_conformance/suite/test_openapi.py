"""Requests generated from the protocol's own OpenAPI document (Schemathesis)."""

from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import openapi
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import response_schema_conformance

from open_inference_conformance.checks import envelope
from open_inference_conformance.statements import LOADER
from open_inference_conformance.transport import Request, Response

DOCUMENT = Path(__file__).with_name("open_inference_rest.yaml")
EXAMPLES = 60  # an operation that takes a body
CHECKS = [not_a_server_error, response_schema_conformance]


def filled(document, model, version):
    """Put model and version into the paths.

    The document writes `/models/${MODEL_NAME}`: its variable is `{MODEL_NAME}`, and the `$` before
    it would be sent. Paths of a model without versions have none.
    """
    paths = {}
    for path, operations in document["paths"].items():
        filled_path = path.replace("${MODEL_NAME}", quote(model, safe=""))
        if version:
            filled_path = filled_path.replace("${MODEL_VERSION}", quote(version, safe=""))
        else:
            filled_path = filled_path.replace("/versions/${MODEL_VERSION}", "")
        paths[filled_path] = {k: v for k, v in operations.items() if k != "parameters"}
    return {**document, "paths": paths}


def read():
    return yaml.load(DOCUMENT.read_text("utf-8"), Loader=LOADER)


def operations():
    methods = [(path, method) for path, found in read()["paths"].items() for method in found]
    return [f"{method} {path}" for path, method in methods if method in ("get", "post")]


@pytest.fixture(scope="module")
def schema(subject):
    load_all_checks()
    version = str(subject.versions[0]) if subject.versions else ""
    return openapi.from_dict(filled(read(), subject.model, version))


@pytest.mark.slow
@pytest.mark.statement("openapi")
@pytest.mark.parametrize("index", range(len(operations())), ids=operations())
def test_whatever_the_document_allows_gets_a_response_that_it_describes(subject, schema, index):
    operation = [result.ok() for result in schema.get_all_operations()][index]

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, print_blob=False,
        phases=[Phase.generate, Phase.shrink], report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def check(case):
        response = case.call(base_url=subject.url)
        sent = response.request
        body = sent.body.encode() if isinstance(sent.body, str) else sent.body
        got = Response(response.status_code, flat(response.headers), response.content)
        headers = {name: sent.headers[name] for name in ("Content-Type",) if name in sent.headers}
        subject.exchange = [Request(sent.method, sent.url, headers, body), got]
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as failures:
            raise AssertionError(failures.exceptions[0].title) from failures
        if got.status >= 400:
            envelope(got)

    check()


def flat(headers):
    return {name.lower(): values[0] for name, values in headers.items()}
