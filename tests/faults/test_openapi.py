"""The service's OpenAPI document, checked against its responses: Schemathesis."""

import subprocess

import pytest

from tools.managers import ROOT, ensure_environment

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)
EXAMPLES = 200  # an operation


@pytest.mark.long
@pytest.mark.parametrize("kind", ["text", "numbers", "chunks"])
def test_openapi_document_tells_the_truth(request, kind, tmp_path, record_property):
    service = request.getfixturevalue(kind)
    folder = ensure_environment(ROOT / ".cache/schemathesis", ["schemathesis>=4.32,<5"])
    done = subprocess.run(
        [folder / "schemathesis", "run", f"{service.url}/openapi.json", f"--checks={CHECKS}",
         f"--max-examples={EXAMPLES}", "--seed=1", "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout.upper(), done.stdout
    summary = [line.strip() for line in done.stdout.splitlines() if "generated" in line]
    record_property("number", f"schemathesis, model of {kind}: {' '.join(summary)}")
