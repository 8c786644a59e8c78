"""The abstraction: annotations declare the types; what is missing is reported."""

from types import SimpleNamespace
from typing import ClassVar

import pytest

from src.core.errors import ConfigError
from src.models import loading
from src.models.base import Model
from src.models.loading import create_model


class Unnamed(Model):
    def predict(self, input_data: str) -> str:
        return input_data


class Untyped(Model):
    model_name: ClassVar[str] = "untyped"
    version: ClassVar[str] = "1"

    def predict(self, input_data):
        return input_data


class Numbers(Model):
    model_name: ClassVar[str] = "numbers"
    version: ClassVar[str] = "1"

    def predict(self, input_data: list[float]) -> float:
        return sum(input_data)


def test_signature_is_what_predict_is_annotated_with():
    assert Numbers.signature() == (list[float], float)


class NumberedVersion(Unnamed):
    model_name: ClassVar[str] = "numbered"
    version = 1.0  # type: ignore[assignment]


class TwoInputs(Untyped):
    def predict(self, input_data: str, other: str) -> str:  # type: ignore[override]
        return input_data + other


@pytest.mark.parametrize("incomplete", [Unnamed, Untyped, NumberedVersion, TwoInputs])
def test_incomplete_model_is_explained(incomplete):
    with pytest.raises(ConfigError, match=f"{incomplete.__name__} needs"):
        incomplete.signature()


def test_load_and_unload_may_be_left_out():
    model = Numbers()
    model.load()
    model.unload()
    assert model.predict([1, 2]) == 3


@pytest.mark.parametrize(
    ("implementation", "message"),
    [
        ("none:None", r"Cannot import .*models/none\.py: ModuleNotFoundError: [^;]*$"),
        ("bse:Model", r"Cannot import .*models/bse\.py: .*; did you mean base\?"),
        ("base:Modle", r"no subclass of Model with this name; did you mean Model\?"),
        ("json_types:Modle", "no subclass of Model with this name$"),
        ("base:Any", "base:Any: the module has no subclass"),
        ("base:Model", "base:Model: Can't instantiate abstract class Model"),
    ],
)
def test_model_that_cannot_be_had_is_explained(implementation, message):
    with pytest.raises(ConfigError, match=message):
        create_model(implementation)


def test_type_that_cannot_be_validated_is_explained(monkeypatch):
    class Opaque:
        pass

    class OfOpaque(Numbers):
        def predict(self, input_data: Opaque) -> float:  # type: ignore[override]
            return 0.0

    OfOpaque.predict.__annotations__["input_data"] = Opaque
    monkeypatch.setattr(loading, "import_own", lambda _: SimpleNamespace(OfOpaque=OfOpaque))
    with pytest.raises(ConfigError, match="Pydantic cannot validate a type of predict"):
        create_model("any:OfOpaque")
