"""Models of MLflow: what is loaded, with which versions of packages, and what is not."""

import gc
import logging
import os
import pickle
import sys
import weakref
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from mlflow.models import infer_signature

from src.app import create_app
from src.config.artifact import ArtifactSettings
from src.config.settings import Settings
from src.core.artifacts import checksum, provide
from src.core.errors import ConfigError
from src.models.mlflow_backend import code
from src.models.mlflow_backend.code import OwnCode
from tests.conftest import until
from tests.engine.suite.mlflow.mlflow_models import (
    FLATS,
    Flat,
    MoodModel,
    PriceModel,
    WordModel,
    loaded,
    save_mood,
    save_script,
)

FLAT = Flat.model_validate({"rooms": 4, "floor area": 100})


class Payload:
    """Leave a trace when it is unpickled."""

    def __reduce__(self) -> Any:
        return exec, ("import sys; sys.unpickled = True",)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "model"


@pytest.fixture
def own_code(monkeypatch):
    """Restore what a model with code of its own changes in the process."""
    monkeypatch.setattr(OwnCode, "folder", None)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    sys.modules.pop("own_words", None)


def refusal(kind, folder):
    with pytest.raises(ConfigError) as failure:
        loaded(kind, folder)
    (line,) = str(failure.value).splitlines()
    return line


def accepted(folder, **settings):
    return provide(ArtifactSettings(uri=f"file:{folder}", **settings)).path


def test_classifier_has_the_probabilities_of_its_labels(mood):
    model = loaded(MoodModel, mood)
    results = model.predict_batch(["good", "bad"])
    assert [result.label for result in results] == ["positive", "negative"]
    assert results == [model.predict("good"), model.predict("bad")]
    assert results[0].probabilities.keys() == {"negative", "positive"}


def test_folder_is_served(mood):
    model = {"artifact": {"uri": f"file:{mood}"}, "version": "4"}
    settings = Settings.model_validate({"model": model})
    with TestClient(create_app(settings, model=MoodModel())) as client:
        until(lambda: client.get("/ready").status_code == 200)
        response = client.post("/predict", json={"input": "good day"})
    assert response.json()["prediction"]["label"] == "positive"
    assert response.headers["x-model-version"] == "4"


def test_columns_have_the_names_and_types_of_the_signature(price):
    model = loaded(PriceModel, price)
    assert model.predict_batch([FLAT, FLAT]) == pytest.approx([model.predict(FLAT)] * 2)
    frame = model.features([FLAT])
    assert [*frame.columns] == [*FLATS.columns]
    assert [str(kind) for kind in frame.dtypes] == ["int64", "float64"]


def test_estimator_and_pyfunc_predict_the_same(price, changed):
    other = changed(price, lambda told: told["flavors"]["sklearn"].pop("pickled_model"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(code, "CONSENT_TO_ALL", "true")  # which skops needs there, too
        model = loaded(PriceModel, other)
    assert type(model.estimator).__name__ == "PyFuncModel"
    assert model.predict(FLAT) == pytest.approx(loaded(PriceModel, price).predict(FLAT))


def test_unloaded_model_is_released(mood):
    model = loaded(MoodModel, mood)
    estimator = weakref.ref(model.estimator)
    vars(model).clear()  # as the service does
    gc.collect()
    assert estimator() is None


@pytest.mark.parametrize("content", [None, "", "flavors:", "flavors: {sklearn: 1}", "{", "[1]"])
def test_folder_without_a_whole_mlmodel_is_one_line(folder, content):
    folder.mkdir()
    if content is not None:
        (folder / "MLmodel").write_text(content)
    expected = "must be a folder with a file MLmodel" if content is None else "is incomplete"
    assert expected in refusal(MoodModel, folder)


def test_truncated_mlmodel_is_one_line_wherever_it_ends(mood, changed):
    """A file that ends before the signature would be valid, and not checked."""
    folder = changed(mood, lambda _: None)
    whole = (folder / "MLmodel").read_bytes()
    for size in range(0, whole.index(b"utc_time_created"), 7):
        (folder / "MLmodel").write_bytes(whole[:size])
        assert "MLmodel is incomplete, or was not written by MLflow: " in refusal(MoodModel, folder)


def test_truncated_model_is_one_line(mood, changed):
    folder = changed(mood, lambda _: None)
    os.truncate(folder / "model.skops", 100)
    assert "cannot be loaded: BadZipFile" in refusal(MoodModel, folder)
    (folder / "model.skops").unlink()
    assert "names model.skops, which is not in the folder" in refusal(MoodModel, folder)


def test_file_outside_of_the_folder_is_not_loaded(mood, changed):
    def leave(told):
        told["flavors"]["sklearn"]["pickled_model"] = "../changed/../outside.skops"

    folder = changed(mood, leave)
    (folder.parent / "outside.skops").write_bytes((mood / "model.skops").read_bytes())
    assert "which is not in the folder" in refusal(MoodModel, folder)


def test_model_without_artifact_names_the_setting():
    with pytest.raises(ConfigError, match=r"MoodModel has no artifact: set model\.artifact\.uri"):
        MoodModel().load()


def test_flavour_that_cannot_be_loaded_is_named(mood, changed):
    folder = changed(mood, lambda told: told.update(flavors={"spark": {}}))
    assert "has no flavour that can be loaded here" in refusal(MoodModel, folder)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("scikit-learn==1.2.7", "was logged with scikit-learn==1.2.7, but "),
        ("Scikit_Learn>=7,<8", "was logged with scikit-learn<8,>=7, but "),
    ],
)
def test_other_version_of_the_framework_is_one_line(mood, changed, line, expected):
    folder = changed(mood, lambda _: None)
    (folder / "requirements.txt").write_text(f"numpy==1.0\n{line}\n")
    assert expected in refusal(MoodModel, folder)


def test_framework_that_is_not_installed_is_one_line(mood, changed):
    folder = changed(mood, lambda told: told["flavors"].update(xgboost={}))
    (folder / "requirements.txt").write_text("xgboost==3.0.0")
    assert "with xgboost==3.0.0, but it is not installed: " in refusal(MoodModel, folder)


def test_other_versions_of_the_rest_are_one_warning(mood, changed, caplog):
    folder = changed(mood, lambda _: None)
    installed = pd.__version__
    lines = ["numpy==1.0", "absent==2.0", f"pandas=={installed}", "skops", "--pre", "mlflow==0.1"]
    lines += ["scikit-learn==1.9.* # any", "joblib>=99"]
    lines += ["pandas==1.0; python_version < '3'", "# comment", ""]
    (folder / "requirements.txt").write_text("\n".join(lines))
    with caplog.at_level(logging.WARNING):
        loaded(MoodModel, folder)
    (line,) = [r.getMessage() for r in caplog.records if "other packages" in r.getMessage()]
    assert "numpy==1.0 (" in line
    assert "absent==2.0 (not installed)" in line
    assert "joblib>=99 (" in line
    assert f"mlflow==0.1 ({mlflow.__version__} installed)" in line
    assert line.count("installed)") == 4


def test_versions_of_the_files_are_checked_without_requirements(mood, changed, caplog):
    folder = changed(mood, lambda _: None)
    (folder / "requirements.txt").unlink()
    loaded(MoodModel, folder)
    assert "other packages" not in caplog.text


@pytest.mark.parametrize("serialization", ["pickle", "cloudpickle"])
def test_pickled_flavour_needs_consent_and_a_checksum(folder, serialization):
    save_mood(folder, serialization_format=serialization)
    with pytest.raises(ConfigError, match=r"allow_pickle: \S+: loading model.pkl runs code"):
        accepted(folder)
    path = accepted(folder, allow_pickle=True, sha256=checksum(folder))
    assert loaded(MoodModel, path).predict("good").label == "positive"


def test_pickle_of_another_name_is_not_unpickled(mood, changed):
    def rename(told):
        told["flavors"]["sklearn"] |= {"pickled_model": "data", "serialization_format": "pickle"}

    folder = changed(mood, rename)
    (folder / "data").write_bytes(pickle.dumps(Payload()))
    assert "cannot be loaded" in refusal(MoodModel, accepted(folder))
    assert not hasattr(sys, "unpickled")


def test_pickled_pyfunc_of_another_name_is_not_unpickled(folder):
    mlflow.pyfunc.save_model(
        folder,
        python_model=mlflow.pyfunc.PythonModel(),
        signature=infer_signature(["x"], ["y"]),
        pip_requirements=["mlflow"],
    )
    (folder / "python_model.pkl").unlink()
    (folder / "data").write_bytes(pickle.dumps(Payload()))
    text = (folder / "MLmodel").read_text().replace("python_model.pkl", "data")
    (folder / "MLmodel").write_text(text)
    assert "using pickle is disallowed" in refusal(WordModel, accepted(folder))
    assert not hasattr(sys, "unpickled")


def test_trusted_types_are_those_of_the_class_and_not_of_the_folder(mood, changed):
    """A folder that names its own types would trust itself."""
    import skops.io

    folder = changed(
        mood,
        lambda told: told["flavors"]["sklearn"].update(skops_trusted_types=[f"{__name__}.Own"]),
    )
    skops.io.dump(Own(), folder / "model.skops")
    assert "types that are not trusted" in refusal(MoodModel, folder)


class Own:
    """A type that skops does not know."""


@pytest.mark.usefixtures("own_code")
def test_code_of_a_model_needs_consent_and_a_checksum(folder):
    save_script(folder, "first ")
    with pytest.raises(ConfigError, match=r"allow_pickle: \S+: loading code/own_words.py runs"):
        accepted(folder)
    path = accepted(folder, allow_pickle=True, sha256=checksum(folder))
    assert loaded(WordModel, path).predict("x") == "first x"
    assert loaded(WordModel, path).predict("y") == "first y", "the same folder again"


@pytest.mark.usefixtures("own_code")
def test_second_model_with_code_of_its_own_is_rejected(tmp_path):
    """Its modules have the same names, so it would get the code of the first."""
    loaded(WordModel, save_script(tmp_path / "one", "first "))
    line = refusal(WordModel, save_script(tmp_path / "two", "second "))
    assert f"{tmp_path}/two has code of its own, and so has {tmp_path}/one" in line


@pytest.mark.usefixtures("own_code")
@pytest.mark.parametrize(
    "change",
    [{"loader_module": "antigravity"}, {"code": "../own"}, {"model_code_path": "model"}],
)
def test_code_that_is_not_in_the_folder_is_not_run(mood, changed, change):
    folder = changed(mood, lambda told: told["flavors"]["python_function"].update(change))
    outside = Path(folder.parent / "own")
    outside.mkdir()
    before = [*sys.path]
    assert "names code that is not in the folder" in refusal(MoodModel, accepted(folder))
    assert sys.path == before
