"""The page about Transformers: its models in a render, with artifacts that are made in seconds."""

import json
import re
from textwrap import indent

import pytest
import yaml

from tests.support.pages import blocks
from tests.support.suite import add_suite
from tools.managers import ROOT

PAGE = (ROOT / "docs/how-to/transformers-model.md").read_text("utf-8")
MODELS = {
    "mood": '"label":"positive"',
    "meaning": '{"prediction":[',
    "talk": '{"prediction":{"text":"',
}
MAKE = """
import shutil
from pathlib import Path
from tests.engine.suite.transformers.tiny_models import make_bert, make_llama

make_bert(Path("artifacts/bert"))
shutil.copytree("artifacts/bert", "artifacts/meaning")
make_llama(Path("artifacts/talk"))
"""
SERVED = """
import json
import os

import pytest
from fastapi.testclient import TestClient
from src.app import create_app
from src.core.config import load_config
from tests.conftest import until

with open("models.json") as file:
    MODELS = json.load(file)


@pytest.mark.parametrize(("model", "expected"), MODELS)
def test_model_is_served(monkeypatch, model, expected):
    for name, value in model.items():
        monkeypatch.setenv(f"MODEL__{name}", value)
    with TestClient(create_app(load_config())) as client:
        until(lambda: client.get("/ready").status_code == 200)
        answer = client.post("/predict", json={"input": "this is good"})
        assert expected in answer.text
        inputs = ["this is good", "this is bad"]
        batch = client.post("/predict/batch", json={"inputs": inputs}).json()["predictions"]
        assert len(batch) == 2
        if "talk" in expected or "text" in expected:
            events = client.post("/predict/stream", json={"input": "ping"}).text
            assert '"finish_reason":"' in events
"""


def settings(block):
    """Return the settings of a model as parts of variables."""
    model = yaml.safe_load(block)["model"]
    values = {"IMPLEMENTATION": model["implementation"], "ARTIFACT__URI": model["artifact"]["uri"]}
    options = model.get("options", {})
    return values | {f"OPTIONS__{name.upper()}": str(value) for name, value in options.items()}


@pytest.fixture(scope="module")
def project(render, backend_tool):
    """A render with the models of the page; their artifacts are made as the page shows."""
    project = render(model_backend="transformers")
    add_suite(project, ["transformers"])
    backend_tool(project, "python", "-c", MAKE)
    save, mood, several, meaning, talk, continued = blocks(PAGE, "python")
    save = re.sub(r'NAME = ".*"', 'NAME = "artifacts/bert"', save)
    backend_tool(project, "python", "-c", save)
    texts = {"mood": mood, "meaning": meaning, "talk": talk}
    for name, text in texts.items():
        (project / f"src/models/{name}_model.py").write_text(text, "utf-8")
    own = {"several": (mood, "MoodModel", several), "continued": (talk, "TalkModel", continued)}
    for name, (text, model, methods) in own.items():
        methods = indent(methods, "    ").replace("\n\n\n", "\n\n")
        text = text[: text.index("    def predict(")] + methods
        text = text.replace(f"class {model}", f"class {name.title()}Model")
        text = re.sub(r"from \.(results|chat) import .*\n", "", text)
        (project / f"src/models/{name}_model.py").write_text(text, "utf-8")
    return project


def test_models_of_the_page_are_formatted_linted_and_typed(project, backend_tool):
    for command in (["ruff", "check", "src"], ["ruff", "format", "--check", "src"], ["mypy"]):
        backend_tool(project, *command)


def test_models_of_the_page_are_served(project, backend_tool):
    _, *configured = blocks(PAGE, "yaml")
    models = [
        (settings(block), MODELS[name]) for block, name in zip(configured, MODELS, strict=True)
    ]
    own = {"ARTIFACT__URI": "artifacts/mood", "IMPLEMENTATION": "several_model:SeveralModel"}
    models.append((own, '"positive":'))
    own = {"ARTIFACT__URI": "artifacts/talk", "IMPLEMENTATION": "continued_model:ContinuedModel"}
    models.append((own, '{"prediction":"'))
    (project / "models.json").write_text(json.dumps(models))
    (project / "tests/integration/test_page.py").write_text(SERVED, "utf-8")
    backend_tool(project, "pytest", "-q", "tests/integration/test_page.py")


def test_options_of_the_page_have_the_defaults_of_the_classes(project, backend_tool):
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| ", PAGE, re.MULTILINE)
    code = (
        "from src.models.transformers_backend import TextGenerator as T;"
        "print({n: str(f.default).removesuffix('.0') for n, f in T.Options.model_fields.items()})"
    )
    printed = yaml.safe_load(backend_tool(project, "python", "-c", code))
    assert dict(rows) == printed


def test_address_of_the_hub_is_pinned(project, backend_tool):
    uri = yaml.safe_load(next(iter(blocks(PAGE, "yaml"))))["model"]["artifact"]["uri"]
    code = (
        "import sys; from src.config.artifact import ArtifactSettings as A;"
        "print(A(uri=sys.argv[1]).is_pinned)"
    )
    assert backend_tool(project, "python", "-c", code, uri) == "True\n"
