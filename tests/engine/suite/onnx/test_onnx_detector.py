"""A detector in the layout of YOLO, over a graph whose boxes are known."""

from typing import Any, ClassVar

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from src.core.errors import ConfigError
from src.models.onnx_detector import OnnxDetector, letterbox, suppress
from src.models.results import Detection

SIZE, CELL = 64, 8
CELLS = (SIZE // CELL) ** 2
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


class Picture:
    """The part of a picture of Pillow that the detector uses, resized without smoothing."""

    def __init__(self, pixels):
        self.pixels = pixels
        self.height, self.width, _ = pixels.shape

    def resize(self, size, _):
        rows = np.arange(size[1]) * self.height // size[1]
        columns = np.arange(size[0]) * self.width // size[0]
        return self.pixels[rows][:, columns]


class ColourModel(OnnxDetector):
    """Detect squares by their colours."""

    model_name: ClassVar[str] = "colours"
    version: ClassVar[str] = "1.0.0"

    def predict(self, input_data: list[list[list[int]]]) -> list[Detection]:
        return self.detect([Picture(np.asarray(input_data, np.uint8))])[0]


def picture(width, height, **squares):
    """Return a black picture with squares, each at a corner `(left, top)`, of a size."""
    pixels = np.zeros((height, width, 3), np.uint8)
    for colour, (left, top, size) in squares.items():
        pixels[top : top + size, left : left + size] = COLOURS[colour]
    return Picture(pixels)


def graph(batch="n", names="{0: 'red', 1: 'green', 2: 'blue'}", size=SIZE):
    """Return a graph with a box of 12 pixels in each cell: its scores are its mean colour."""
    middles = np.arange(CELLS // CELL) * CELL + CELL / 2
    x, y = np.meshgrid(middles, middles)
    sides = np.full(CELLS, 12)
    boxes = np.stack([x.ravel(), y.ravel(), sides, sides])[None]
    colours = np.eye(3) * 2 - 1  # its own less the others, so that grey has no score
    constants = {
        "boxes": boxes.astype(np.float32),
        "colours": colours.reshape(3, 3, 1, 1).astype(np.float32),
        "flat": np.array([0, 3, CELLS]),
        "zero": np.zeros(1, np.float32),
        "first": np.array([0]),
    }
    pool: dict[str, Any] = {"kernel_shape": [CELL] * 2, "strides": [CELL] * 2}
    nodes = [
        helper.make_node("AveragePool", ["images"], ["means"], **pool),
        helper.make_node("Conv", ["means", "colours"], ["differences"]),
        helper.make_node("Relu", ["differences"], ["positive"]),
        helper.make_node("Reshape", ["positive", "flat"], ["scores"]),
        helper.make_node("Mul", ["scores", "zero"], ["zeros"]),
        helper.make_node("Gather", ["zeros", "first"], ["row"], axis=1),
        helper.make_node("Add", ["row", "boxes"], ["places"]),  # the same for each picture
        helper.make_node("Concat", ["places", "scores"], ["output"], axis=1),
    ]
    info = helper.make_tensor_value_info
    whole = helper.make_graph(
        nodes,
        "colours",
        [info("images", TensorProto.FLOAT, [batch, 3, size, size])],
        [info("output", TensorProto.FLOAT, [batch, 7, CELLS])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    imports = [helper.make_opsetid("", 21)]
    model = helper.make_model(whole, opset_imports=imports, ir_version=10)
    if names is not None:
        model.metadata_props.add(key="names", value=names)
    return model


def loaded(path, model, **options):
    onnx.save(model, path)
    detector = ColourModel()
    detector.artifact = path
    detector.options = ColourModel.Options(**options)
    detector.load()
    return detector


@pytest.fixture
def path(tmp_path):
    return tmp_path / "colours.onnx"


def rounded(detections):
    return [(d.label, *map(round, (d.left, d.top, d.right, d.bottom))) for d in detections]


def test_boxes_are_in_pixels_of_the_picture(path):
    """A picture twice as wide as high is halved, and has grey above and below."""
    detector = loaded(path, graph(), max_overlap=0.1)
    found = detector.detect([picture(128, 64, red=(16, 0, 16), blue=(96, 32, 16))])[0]
    assert sorted(rounded(found)) == [("blue", 92, 28, 116, 52), ("red", 12, 0, 36, 20)]
    assert all(detection.score == pytest.approx(1) for detection in found)


def test_batch_of_a_fixed_size_takes_any_number(path):
    pictures = [picture(64, 64, red=(8 * n, 8, 8)) for n in range(3)]
    expected = loaded(path, graph()).detect(pictures)
    assert loaded(path, graph(batch=2)).detect(pictures) == expected


def test_scores_without_a_name_are_rejected(path):
    with pytest.raises(ConfigError, match="3 scores a box for 2 names"):
        loaded(path, graph(names="{0: 'red', 1: 'green'}"))


def test_several_pictures_are_one_call_and_equal_single_ones(path, monkeypatch):
    detector = loaded(path, graph())
    pictures = [picture(64, 64, red=(8, 8, 8)), picture(64, 64, green=(40, 16, 8))]
    single = [detector.detect([one])[0] for one in pictures]
    calls, run = [], detector.run

    def counted(array):
        calls.append(len(array))
        return run(array)

    monkeypatch.setattr(detector, "run", counted)
    assert detector.detect(pictures) == single
    assert calls == [2]
    assert [rounded(found)[0][0] for found in single] == ["red", "green"]


def test_graph_of_one_picture_is_called_for_each(path):
    detector = loaded(path, graph(batch=1))
    pictures = [picture(64, 64, red=(8, 8, 8)), picture(64, 64, green=(40, 16, 8))]
    assert [rounded(found)[0][0] for found in detector.detect(pictures)] == ["red", "green"]


def test_options_decide_which_boxes_are_returned(path):
    square = picture(64, 64, red=(0, 0, 32))
    assert len(loaded(path, graph(), max_overlap=1).detect([square])[0]) == 16
    assert len(loaded(path, graph(), max_overlap=1, max_detections=3).detect([square])[0]) == 3
    assert len(loaded(path, graph(), max_overlap=0).detect([square])[0]) == 4
    half = picture(64, 64, red=(0, 0, 4))  # a quarter of a cell
    assert loaded(path, graph(), min_score=0.2).detect([half])[0]
    assert not loaded(path, graph(), min_score=0.3).detect([half])[0]


def test_picture_without_objects_has_no_detections(path):
    assert loaded(path, graph()).detect([picture(64, 64)]) == [[]]


def test_detections_are_a_documented_type(path):
    detector = loaded(path, graph())
    pixels = picture(64, 64, blue=(8, 8, 8)).pixels.tolist()
    assert detector.predict(pixels)[0].label == "blue"
    described = ColourModel.signature().output
    assert described
    assert "Score of the object" in str(Detection.model_json_schema())


def test_overlap_counts_within_a_label_only():
    corners = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [1, 0, 11, 10]], np.float32)
    assert suppress(corners, np.array([0, 0, 1]), 0.5) == [0, 2]
    assert suppress(corners, np.array([0, 0, 0]), 0.9) == [0, 1]
    assert suppress(corners[:0], np.array([], np.int64), 0.5) == []


@pytest.mark.parametrize(("width", "height"), [(64, 64), (200, 10), (1, 1), (3, 5000)])
def test_picture_of_any_shape_fits(width, height):
    box = letterbox(picture(width, height), SIZE, SIZE)
    assert box.pixels.shape == (3, SIZE, SIZE)
    assert box.pixels.max() <= 1
    assert 0 <= box.left < SIZE
    assert 0 <= box.top < SIZE


@pytest.mark.parametrize(
    "model",
    [graph(names=None), graph(names="red, green"), graph(names="["), graph(size="side")],
    ids=["no names", "no literal", "no syntax", "no size"],
)
def test_graph_that_is_no_detector_is_one_line(path, model):
    with pytest.raises(ConfigError, match="is not a detector with an input"):
        loaded(path, model)
