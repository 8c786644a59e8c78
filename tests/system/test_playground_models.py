"""The page at `/` of a service with several models, driven in a real browser."""

import json
import re
from pathlib import Path

import pytest

from tests.system.support import CHROMIUM_FLAGS, must, require
from tools.managers import environment
from tools.service import running

DRIVER = Path(__file__).with_name("playground_models.cjs")
MODEL = '''"""A model that adds up numbers."""

from typing import ClassVar

from .base import Model


class SumModel(Model):
    """Adds up numbers."""

    model_name: ClassVar[str] = "sum"
    version: ClassVar[str] = "0"
    example: ClassVar[list[float]] = [1, 2]

    def predict(self, input_data: list[float]) -> float:
        """Add up."""
        return sum(input_data)
'''
CONFIG = """
model: {name: dummy_classifier}
models:
  sum:
    implementation: sum_model:SumModel
    shares: {"1.0.0": 1, "2.0.0": 7}
    versions: {"1.0.0": {}, "2.0.0": {}}
  dummy_classifier: {implementation: "dummy_model:DummyModel"}
"""
CHOICES = [("sum", "[4, 5]"), ("dummy_classifier", "a bad day"), ("sum", "[1]")]


@pytest.fixture(scope="module")
def seen(installed_project, modules, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    (folder / "config.yaml").write_text(CONFIG, "utf-8")
    model = installed_project / "src/models/sum_model.py"
    model.write_text(MODEL, "utf-8")
    env = environment() | {"CONFIG_PATH": str(folder / "config.yaml")}
    command = [installed_project / ".venv/bin/start-server"]
    with running(command, cwd=installed_project, env=env, log=folder / "log") as service:
        model.unlink()  # it is loaded; other tests look at the project
        task = {
            "service": service.url,
            "chromium": require("chromium", "apt-get install chromium"),
            "flags": CHROMIUM_FLAGS,
            "choices": CHOICES,
        }
        node = require("node", "apt-get install nodejs npm")
        return json.loads(
            must([node, DRIVER, json.dumps(task)], env=env | {"NODE_PATH": str(modules)})
        )


def test_models_are_offered_the_default_one_first(seen):
    assert seen["offered"] == ["dummy_classifier", "sum"]
    assert (seen["chosen"], seen["label"]) == ("dummy_classifier", "Model")


def test_no_picture_is_shown_for_models_that_take_none(seen):
    assert seen["pictures"] == 0


def test_each_choice_predicts_with_its_model(seen):
    assert seen["asked"] == [f"/models/{name}/predict" for name, _ in CHOICES]
    results = [state["result"] for state in seen["states"]]
    assert [result.partition("\n")[0] for result in results] == ["9.0", "negative", "1.0"]
    for (name, _), state in zip(CHOICES, seen["states"], strict=True):
        assert re.search(rf"{name} [12]\.0\.0, request ", state["result"])
        assert state["version"] == ("1.0.0 (12.5 %), 2.0.0 (87.5 %)" if name == "sum" else "1.0.0")
        assert state["title"].startswith(f"{name} · ")


def test_each_choice_begins_anew_with_the_type_and_the_example_of_its_model(seen):
    for state in seen["states"]:
        is_sum = state["name"] == "sum"
        assert state["before"] == "Nothing predicted yet."
        assert state["label"] == ("Input, as JSON" if is_sum else "Input, a text")
        assert state["schema"] == ("array" if is_sum else "string")
        example = json.loads(state["example"]) if is_sum else state["example"]
        assert example == ([1, 2] if is_sum else "This is good")


def test_page_of_several_models_is_accessible_and_complains_of_nothing(seen):
    assert (seen["serious"], seen["complaints"]) == ([], [])
