"""Artifacts of scikit-learn: what is loaded, what is not, and what is predicted."""

import json
import pickle
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import joblib
import pytest
import skops.io
from pydantic import BaseModel, ValidationError
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_info, threadpool_limits

from src.config.settings import Settings
from src.core.errors import ConfigError
from src.models import sklearn_backend
from src.models.results import Classification
from src.models.sklearn_backend import SklearnModel
from src.services import cpu_share
from src.services.inference_service import InferenceService
from src.utils import cpus
from src.utils.cpus import CpuShare
from tests.conftest import PATIENCE_S, TextModel, until
from tests.engine.suite.always.test_process import MAIN, running

ROWS, LABELS = [[0.0, 1.0], [1.0, 0.0], [0.1, 0.9], [0.9, 0.2]], ["low", "high", "low", "high"]
TREES = "sklearn.tree._tree.Tree"
OTHER_OPTIONS = """
from ..config.base import Section
from .sklearn_backend import SklearnModel

class PriceModel(SklearnModel):
    model_name, example = "price", 1.0

    class Options(Section):
        currency: str = "EUR"

    def predict(self, input_data: float) -> float:
        return input_data
"""


class Point(BaseModel):
    """Two numbers with names."""

    x: float
    y: float


class PointModel(SklearnModel):
    """A classifier of rows, for tests."""

    model_name: ClassVar[str] = "points"
    version: ClassVar[str] = "1.0.0"
    example: ClassVar[Point] = Point(x=1, y=0)

    def features(self, inputs):
        return [[point.x, point.y] for point in inputs]

    def predict(self, input_data: Point) -> Classification:
        return self.classify([input_data])[0]


class ForestModel(PointModel):
    trusted_types: ClassVar[list[str]] = [TREES]


class NumberModel(SklearnModel):
    model_name: ClassVar[str] = "numbers"
    version: ClassVar[str] = "1.0.0"

    features = PointModel.features

    def predict(self, input_data: Point) -> float:
        return float(self.values([input_data])[0])


def linear():
    return LogisticRegression().fit(ROWS, LABELS)


def loaded(path, model=None):
    model = model or PointModel()
    model.artifact = path
    model.load()
    return model


def refusal(path, model=None):
    with pytest.raises(ConfigError) as failure:
        loaded(path, model)
    (line,) = str(failure.value).splitlines()
    return line


def test_folder_is_no_artifact(tmp_path):
    assert "must be a file" in refusal(tmp_path)


@pytest.fixture
def artifact(tmp_path):
    path = tmp_path / "points.skops"
    skops.io.dump(linear(), path)
    return path


def rewritten(path, change):
    """Write the schema of a skops file anew."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["schema.json"] = change(members["schema.json"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_class_has_label_score_and_probabilities(artifact):
    result = loaded(artifact).predict(Point(x=1, y=0))
    assert result.label == "high"
    assert result.score == result.probabilities["high"] > 0.5
    assert sum(result.probabilities.values()) == pytest.approx(1)
    assert result == linear_result(Point(x=1, y=0))


def linear_result(point):
    estimator = linear()
    [row] = estimator.predict_proba([[point.x, point.y]])
    return Classification.of([*estimator.classes_], row)


def test_several_inputs_are_one_call_of_the_estimator(artifact, monkeypatch):
    model, calls = loaded(artifact), []
    predict = type(model.estimator).predict_proba

    def counted(self, rows):
        calls.append(len(rows))
        return predict(self, rows)

    monkeypatch.setattr(type(model.estimator), "predict_proba", counted)
    points = [Point(x=x, y=y) for x, y in ROWS]
    assert [result.label for result in model.predict_batch(points)] == LABELS
    assert calls == [4]


@pytest.mark.parametrize(
    ("model", "settings", "share"),
    [
        ({}, {}, (8, 2)),
        ({}, {"service": {"threads": 16}}, (8, 1)),
        ({"inline": True}, {}, (8, 8)),
        ({}, {"hardening": {"workers": 3}}, (2, 1)),
        ({}, {"hardening": {"workers": 16}}, (1, 1)),
        ({}, {"batching": {}}, (8, 8)),
    ],
)
def test_processors_are_shared_by_processes_and_calls(monkeypatch, model, settings, share):
    monkeypatch.setattr(cpus, "available_cpus", lambda: 8)
    service = InferenceService(type("OwnModel", (PointModel,), model)(), Settings())
    values: Any = SimpleNamespace(service=SimpleNamespace(threads=4))
    for name in settings:
        setattr(values, name, SimpleNamespace(**settings[name]))
    cpu_share.install(service, values)
    assert vars(service.runner.model)["cpus"] == share


def test_model_without_a_backend_has_no_share():
    service = InferenceService(TextModel(), Settings())
    cpu_share.install(service, Settings())
    assert not hasattr(service.runner.model, "cpus")


@pytest.mark.parametrize(
    ("options", "variable", "threads"), [(0, "", 3), (2, "", 2), (2, "1", 2), (0, "7,1", 5)]
)
def test_threads_of_libraries_are_bounded_in_each_thread(
    artifact, monkeypatch, options, variable, threads
):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", variable)
    model = PointModel()
    model.options, model.cpus = PointModel.Options(threads=options), CpuShare(6, 3)
    loaded(artifact, model)

    def after_a_prediction():
        threadpool_limits(5)
        model.predict(Point(x=1, y=0))
        return {of["num_threads"] for of in threadpool_info() if of["user_api"] == "openmp"}

    for _ in range(2):
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(after_a_prediction).result() == {threads}


def test_estimator_without_probabilities_gives_values(tmp_path):
    path = tmp_path / "numbers.skops"
    skops.io.dump(LinearRegression().fit(ROWS, [1, 2, 1, 2]), path)
    model = loaded(path, NumberModel())
    points = [Point(x=x, y=y) for x, y in ROWS]
    assert model.predict_batch(points) == pytest.approx([model.predict(point) for point in points])


def test_numbers_as_labels_become_texts(tmp_path):
    path = tmp_path / "numbers.skops"
    skops.io.dump(LogisticRegression().fit(ROWS, [0, 1, 0, 1]), path)
    assert loaded(path).predict(Point(x=1, y=0)).label == "1"


def test_forest_is_loaded_once_its_types_are_trusted(tmp_path):
    path = tmp_path / "forest.skops"
    skops.io.dump(RandomForestClassifier(3, random_state=0).fit(ROWS, LABELS), path)
    assert f"types that are not trusted: {TREES}. If" in refusal(path)
    assert refusal(path).endswith("name them in trusted_types of PointModel")
    assert loaded(path, ForestModel()).predict(Point(x=1, y=0)).label in LABELS


def test_function_of_ones_own_is_not_trusted(tmp_path):
    path = tmp_path / "own.skops"
    skops.io.dump(FunctionTransformer(linear), path)
    assert "types that are not trusted" in refusal(path, ForestModel())


def test_other_version_of_the_framework_is_an_error_that_names_both(artifact):
    import sklearn

    def older(schema):
        text = schema.decode().replace(f'\\"{sklearn.__version__}\\"', '\\"1.2.3\\"')
        return text.replace(f'"{sklearn.__version__}"', '"1.2.3"').encode()

    rewritten(artifact, older)
    line = refusal(artifact)
    assert f"was made with scikit-learn 1.2.3, but {sklearn.__version__} is installed" in line
    assert line.endswith("install scikit-learn==1.2.3")


def test_file_that_grows_too_large_is_not_read(artifact, monkeypatch):
    with zipfile.ZipFile(artifact, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(10_000_000))
    assert artifact.stat().st_size < 100_000
    monkeypatch.setattr(PointModel, "max_bytes", 1_000_000)
    monkeypatch.setattr(skops.io, "load", pytest.fail)
    monkeypatch.setattr(skops.io, "get_untrusted_types", pytest.fail)
    assert "bytes after decompression, more than max_bytes of PointModel" in refusal(artifact)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 truncated"])
def test_file_of_another_kind_is_one_line(tmp_path, content):
    path = tmp_path / "wrong.skops"
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path} cannot be loaded: BadZipFile")


def test_truncated_and_changed_files_are_one_line(artifact):
    whole = artifact.read_bytes()
    artifact.write_bytes(whole[: len(whole) // 2])
    assert "cannot be loaded" in refusal(artifact)
    artifact.write_bytes(whole)
    rewritten(artifact, lambda _: json.dumps({"__module__": "x"}).encode())
    assert "cannot be loaded" in refusal(artifact)


def test_pickle_under_the_name_of_another_file_is_not_unpickled(tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(pickle.dumps(linear()))
    assert "BadZipFile" in refusal(path)


@pytest.mark.parametrize("suffix", [".joblib", ".pkl"])
def test_joblib_is_loaded_where_the_name_says_so(tmp_path, suffix):
    path = tmp_path / f"points{suffix}"
    joblib.dump(linear(), path)
    assert loaded(path).predict(Point(x=1, y=0)).label == "high"


def test_reason_of_several_lines_is_one_line(tmp_path, monkeypatch):
    def fail(_):
        raise ValueError("first\nsecond")

    monkeypatch.setattr(joblib, "load", fail)
    path = tmp_path / "points.joblib"
    assert refusal(path) == f"{path} cannot be loaded: ValueError: first"


def test_model_without_artifact_names_the_setting():
    with pytest.raises(ConfigError, match=r"PointModel has no artifact: set model\.artifact\.uri"):
        PointModel().load()


def test_options_of_another_kind_end_the_start_before_the_artifact_is_read(artifact):
    file = Path(sklearn_backend.__file__).with_name("options_for_test.py")
    file.write_text(OTHER_OPTIONS)
    variables = {
        "IMPLEMENTATION": "options_for_test:PriceModel",
        "ARTIFACT__URI": f"file:{artifact}",
    }
    variables = {f"MODEL__{name}": value for name, value in variables.items()}
    try:
        with running([sys.executable, MAIN], API_PORT="0", **variables) as process:
            output, _ = process.communicate(timeout=PATIENCE_S)
    finally:
        file.unlink()
    assert process.returncode == 78
    assert "PriceModel: its class Options must extend ArtifactModel.Options" in output
    assert "Verified artifact" not in output


@pytest.mark.parametrize("layer", ["api", "batch"])
def test_result_is_served_and_described(artifact, client_of, layer):
    model = PointModel()
    model.artifact = artifact
    client = client_of(model)
    until(lambda: client.get("/ready").status_code == 200)
    point = {"x": 1, "y": 0}
    if layer == "api":
        answer = client.post("/predict", json={"input": point}).json()["prediction"]
    else:
        [answer] = client.post("/predict/batch", json={"inputs": [point]}).json()["predictions"]
    assert answer["label"] == "high"
    assert [*answer] == ["label", "score", "probabilities"]
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["Classification"]["properties"]["score"] == {
        "description": "Probability of that label, from 0 to 1.",
        "maximum": 1,
        "minimum": 0,
        "title": "Score",
        "type": "number",
    }


def test_probabilities_are_those_of_labels_and_bounded():
    result = Classification.of(["a", "b"], [1.0000001, -1e-9])
    assert result == Classification(label="a", score=1, probabilities={"a": 1, "b": 0})
    with pytest.raises(ValidationError):
        Classification(label="a", score=1.5, probabilities={})
