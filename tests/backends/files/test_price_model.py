"""The price model."""

from src.core.metadata import PROJECT_DIR
from src.models.price_model import PriceModel


def loaded():
    model = PriceModel()
    (model.artifact,) = (PROJECT_DIR / "artifacts").glob("price.*")
    model.load()
    return model


def test_larger_flat_costs_more():
    model = loaded()
    assert model.predict([3, 180, 1998, 2]) > model.predict([3, 40, 1998, 2])


def test_batch_predicts_as_single_calls_do():
    model, flats = loaded(), [[3, 85, 1998, 2], [5, 180, 2015, 1]]
    assert model.predict_batch(flats) == [model.predict(flat) for flat in flats]
