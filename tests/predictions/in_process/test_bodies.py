"""The cost of a body is limited in total, whatever its headers say."""

import pytest
from fastapi import HTTPException
from src.api.request_cost import check_cost

ARRAYS = b"[" + b"[]," * 2_000_000 + b"[]]"


def scope(path):
    headers = {b"content-type": b"application/json", b"inference-header-content-length": b"1"}
    return {"path": path, "state": {"headers": headers}}


@pytest.mark.parametrize(
    "path", ["/predict", "/predict/batch", "/v2/models/dummy/generate", "/mine/infer"]
)
def test_header_for_tensors_hides_nothing_from_other_routes(path):
    with pytest.raises(HTTPException) as error:
        check_cost(scope(path), ARRAYS)
    assert error.value.status_code == 413


def test_binary_tensors_are_no_json():
    check_cost(scope("/v2/models/dummy/infer"), ARRAYS)
