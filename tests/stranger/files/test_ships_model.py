"""The ship counter."""

from src.models.ships_model import Image, ShipCounter


def test_bright_pixels_are_ships() -> None:
    model = ShipCounter()
    model.load()
    image = Image(pixels=[[0, 255], [199, 200]])
    assert model.predict(image).count == 2
    assert model.predict_batch([image, image])[1].brightest == 255
