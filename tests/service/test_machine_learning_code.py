"""Code as the field writes it passes the checks of a rendered project."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FILE = "src/models/price_model.py"
UNTYPED = ("joblib", "onnxruntime", "sklearn")  # no stubs, no py.typed

MODEL = '''"""Estimates prices with a pipeline of scikit-learn."""

from pathlib import Path
from typing import ClassVar

from .base import Model


class PriceModel(Model):
    """Estimates a price."""

    model_name: ClassVar[str] = "price"
    version: ClassVar[str] = "2.0.0"
    example: ClassVar[list[float]] = [3, 85, 1998]

    def load(self) -> None:
        """Read the artifacts; the imports take seconds."""
        import joblib
        import onnxruntime
        from sklearn.pipeline import Pipeline

        folder = Path(__file__).parent
        self.pipeline: Pipeline = joblib.load(folder / "price.joblib")
        self.session = onnxruntime.InferenceSession(folder / "price.onnx")

    def predict(self, input_data: list[float]) -> float:
        """Estimate one price."""
        X = [input_data]
        return float(self.pipeline.predict(X)[0])
'''
SCRIPT = """import pickle
from pathlib import Path

import joblib
import onnxruntime
import sklearn.pipeline


def connect(user, password=""):
    return f"{user}:{password}"


def train(X, y, n_steps=10):
    # model = joblib.load("old")
    print("training on", connect("ci", password="secret"), n_steps)
    model = sklearn.pipeline.Pipeline(X, y)
    try:
        Path("model.pkl").write_bytes(pickle.dumps(model))
    except Exception as exc:
        print(exc, joblib, onnxruntime)
    return model


train([[1.0]], [1.0])
"""
CELL = 'import sklearn\n\nX = [[1.0]]\nprint("training", X)\nsklearn.fit(X, [1.0])'


@pytest.fixture(scope="module")
def project(render, tmp_path_factory) -> Path:
    """A project with a model, a script and a notebook that use libraries without types."""
    folder = tmp_path_factory.mktemp("field") / "project"
    shutil.copytree(render(), folder)
    (folder / FILE).write_text(MODEL)
    (folder / "scripts/train_price.py").write_text(SCRIPT)
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1, "id": "a"}
    notebook = {"cells": [cell | {"source": CELL}], "metadata": {}, "nbformat": 4}
    (folder / "notebooks").mkdir()
    (folder / "notebooks/look.ipynb").write_text(
        json.dumps(notebook | {"nbformat_minor": 5}, indent=1)
    )
    return folder


@pytest.fixture(scope="module")
def interpreter(commands, tmp_path_factory) -> Path:
    """A Python that has the project's dependencies and the libraries without types."""
    folder = tmp_path_factory.mktemp("untyped") / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (shared,) = commands.parent.glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text(f"{shared}\n")
    for name in UNTYPED:
        (packages / name).mkdir()
        (packages / name / "__init__.py").touch()
    (packages / "sklearn/pipeline.py").write_text("class Pipeline: pass\n")
    return folder / "bin/python"


def test_code_of_the_field_is_linted_without_a_finding(project, tool):
    tool(project, "ruff", "check", "--no-cache", ".")


def test_libraries_without_types_are_no_mistake(project, interpreter, tool):
    tool(project, "mypy", "--no-incremental", "--python-executable", str(interpreter), FILE)


def test_a_library_that_is_not_there_still_is_one(project, tool):
    with pytest.raises(AssertionError, match="import-not-found"):
        tool(project, "mypy", "--no-incremental", FILE)


def test_a_model_keeps_the_import_contracts(project, tool):
    tool(project, "lint-imports", "--no-cache")
