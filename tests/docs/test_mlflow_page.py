"""The page about MLflow: its script and models in a render, with a registry in a file."""

import re
import subprocess

from tests.support.pages import blocks
from tools.managers import ROOT

PAGE = ROOT / "docs/how-to/mlflow-model.md"
CHECKS = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"])
SERVED = """
import runpy

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel
from src.app import create_app
from src.core.config import load_config
from src.core.errors import ConfigError
from src.core.metadata import PROJECT_DIR
from src.models import price_model
from src.models.mlflow_backend import MlflowModel
from tests.conftest import until

FLAT = {"rooms": 2, "area": 55}


def ask(client):
    response = client.post("/predict", json={"input": FLAT})
    return response.headers["x-model-version"], response.json()["prediction"]


def test_alias_is_served_and_followed():
    settings = load_config()
    settings = settings.model_copy(update={"repository": type(settings.repository)(poll_s=0.2)})
    with TestClient(create_app(settings)) as client:
        until(lambda: client.get("/ready").status_code == 200)
        assert ask(client) == ("1", pytest.approx(162_000, rel=0.001))
        runpy.run_path(str(PROJECT_DIR / "scripts/train_price.py"))
        until(lambda: ask(client)[0] == "2")
        assert client.get("/v2/models/price").json()["versions"] == ["champion"]


def load(model):
    model.artifact = next(PROJECT_DIR.glob("artifacts/mlflow/**/MLmodel")).parent
    model.load()
    return model


def test_description_becomes_a_row():
    assert load(price_model.DescriptionModel()).predict("2 rooms, 55 m2") == "about 162000"


class Rooms(BaseModel):
    rooms: int


class PriceModel(MlflowModel):
    model_name = "price"

    def predict(self, input_data: Rooms) -> float:
        return 1.0


def test_mismatch_is_the_line_of_the_page():
    with pytest.raises(ConfigError) as failure:
        load(PriceModel())
    print(str(failure.value).partition(": ")[2])
"""


def test_model_of_the_page_is_registered_and_served(render, backend_tool):
    project = render(model_backend="mlflow")
    text = PAGE.read_text("utf-8")
    training, model, description = blocks(text, "python")
    config, shares, _ = blocks(text, "yaml")
    (project / "scripts/train_price.py").write_text(training, "utf-8")
    (project / "src/models/price_model.py").write_text(f"{model}\n\n{description}", "utf-8")
    assert backend_tool(project, "python", "scripts/train_price.py") == "Registered version 1\n"
    (project / "configs/config.yaml").write_text(config, "utf-8")
    for command in CHECKS:
        backend_tool(project, *command)
    (project / "tests/integration/test_page.py").write_text(SERVED, "utf-8")
    printed = backend_tool(project, "pytest", "-q", "-s", "tests/integration/test_page.py")
    (line,) = [line for line in blocks(text, "text") if "the logged model takes" in line]
    assert line.partition(": ")[2].strip() in printed
    (project / "configs/config.yaml").write_text(f"{config}\n{shares}", "utf-8")
    code = "from src.app import create_app; from src.core.config import load_config;"
    code += "print(*create_app(load_config()).state.inference_service.of_version)"
    assert backend_tool(project, "python", "-c", code).split() == ["champion", "challenger"]


def test_registry_is_never_in_git(render):
    project = render(model_backend="mlflow")
    (project / "artifacts/mlflow").mkdir()
    (project / "artifacts/mlflow.db").touch()
    (project / "artifacts/mlflow/model.skops").touch()
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
    listing = ["git", "ls-files", "--others", "--exclude-standard", "artifacts"]
    found = subprocess.run(listing, cwd=project, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["artifacts/.gitignore"]


def test_methods_of_the_page_are_those_of_the_class(render, backend_tool):
    project = render(model_backend="mlflow")
    named = re.findall(r"^\| `self\.(\w+)", PAGE.read_text("utf-8"), re.MULTILINE)
    code = (
        "from src.models.mlflow_backend import MlflowModel as kind;"
        "print(*dir(kind), *kind.__annotations__)"
    )
    assert {*named} <= {*backend_tool(project, "python", "-c", code).split()}
