"""The maximal number of inputs in a request is a setting, for every route."""

import pytest

from tools.service import running

LARGE = 1001


@pytest.mark.parametrize(("most", "count", "accepted"), [(2, 2, True), (2, 3, False)])
def test_setting_bounds_the_inputs_of_one_request(most, count, accepted, ask):
    batch, tensors, document = ask(most, count)
    assert batch == (200 if accepted else 422)
    assert tensors == (200 if accepted else 400)
    schema = document["components"]["schemas"]["BatchRequest"]["properties"]["inputs"]
    assert schema["maxItems"] == most


def test_more_than_a_thousand_are_accepted_where_the_setting_says_so(ask):
    assert ask(LARGE, LARGE)[:2] == (200, 200)


@pytest.fixture
def ask(render, commands, tmp_path):
    """Return a function that sends as many inputs in one request, both ways, and the document."""

    def ask(most, count):
        env = {"PATH": "/usr/bin:/bin", "SERVICE__MAX_INPUTS": str(most)}
        command = [str(commands / "python"), "src/main.py"]
        inputs = ["This is good"] * count
        tensor = {"name": "input", "datatype": "BYTES", "shape": [count], "data": inputs}
        with running(command, cwd=render(), env=env, log=tmp_path / "log") as service:
            batch, _, _ = service.request("/predict/batch", {"inputs": inputs})
            path = "/v2/models/dummy_classifier/infer"
            tensors, _, _ = service.request(path, {"inputs": [tensor]})
            return batch, tensors, service.request("/openapi.json")[1]

    return ask
