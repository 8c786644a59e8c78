"""Object detectors of ONNX Runtime, in the layout of YOLO: letterbox, boxes, no box twice."""

import ast
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..core.errors import ConfigError
from .onnx_backend import OnnxModel
from .results import Detection

GREY = 114  # around a picture of another shape, as in the training of YOLO
BILINEAR = 2  # Image.Resampling.BILINEAR of Pillow
CANDIDATES = 1000  # boxes that are compared with each other, the best ones

Array = NDArray[np.float32]


class Letterbox(NamedTuple):
    """A picture as the graph takes it, and how to get back."""

    pixels: Array
    scale: float
    left: int
    top: int


class OnnxDetector(OnnxModel):
    """A detector that takes `[n, 3, height, width]`, RGB from 0 to 1.

    It returns `[n, 4 + labels, boxes]`: the center, width and height of each box in pixels, then a
    score for each label, as YOLO v8 and later ones are exported.
    """

    class Options(OnnxModel.Options):
        """Limits of the boxes that are returned."""

        min_score: float = Field(default=0.25, ge=0, le=1)
        """Least score of a detection."""
        max_overlap: float = Field(default=0.45, ge=0, le=1)
        """Largest overlap of two boxes of a label, intersection over union; the better stays."""
        max_detections: int = Field(default=300, ge=1, le=CANDIDATES)
        """Most detections in a picture."""

    options: Options

    def load(self) -> None:
        """Open the graph, and read its labels and the size of its pictures.

        Raises:
            ConfigError: As in `OnnxModel.load`, or the graph lacks `names` or a fixed size.
        """
        super().load()
        try:
            names = ast.literal_eval(self.metadata["names"])  # {0: 'person', 1: 'bicycle'}
            self.labels = [str(names[number]) for number in range(len(names))]
            self.batch, _, self.height, self.width = self.session.get_inputs()[0].shape
            np.empty((self.height, self.width), np.bool_)
        except (KeyError, ValueError, TypeError, SyntaxError) as exc:
            expected = "an input [n, 3, height, width] of fixed size and `names` in its metadata"
            raise ConfigError(f"{self.artifact} is not a detector with {expected}: {exc}") from exc
        rows = self.session.get_outputs()[0].shape[1]
        if isinstance(rows, int) and rows != 4 + len(self.labels):
            given = f"{rows - 4} scores a box for {len(self.labels)} names"
            raise ConfigError(f"{self.artifact} is not a detector: it has {given}")

    def detect(self, pictures: Sequence[Any]) -> list[list[Detection]]:
        """Return the objects in each picture, the best first; pictures are Pillow's, in RGB."""
        boxes = [letterbox(picture, self.width, self.height) for picture in pictures]
        pixels = [box.pixels for box in boxes]
        size = self.batch if isinstance(self.batch, int) else len(pixels)
        pixels += [pixels[-1]] * (-len(pixels) % size)  # a graph of a fixed batch needs all of it
        batches = [np.stack(pixels[at : at + size]) for at in range(0, len(pixels), size)]
        parts = [self.run(batch)[0] for batch in batches]
        return [
            self._detections(output, box, picture)
            for output, box, picture in zip(np.concatenate(parts), boxes, pictures, strict=False)
        ]

    def _detections(self, output: Array, box: Letterbox, picture: Any) -> list[Detection]:
        scores = output[4:].max(axis=0)
        best = np.argsort(-scores)[:CANDIDATES]
        best = best[scores[best] >= self.options.min_score]
        center, size = output[:2, best].T, output[2:4, best].T
        corners = np.concatenate([center - size / 2, center + size / 2], axis=1)
        labels = output[4:, best].argmax(axis=0)
        kept = suppress(corners, labels, self.options.max_overlap)[: self.options.max_detections]
        edges = (corners - [box.left, box.top] * 2) / box.scale
        edges = edges.clip(0, [picture.width, picture.height] * 2).tolist()
        return [
            Detection(
                label=self.labels[labels[at]],
                score=min(float(scores[best[at]]), 1),
                **dict(zip(("left", "top", "right", "bottom"), edges[at], strict=True)),
            )
            for at in kept
        ]


def letterbox(picture: Any, width: int, height: int) -> Letterbox:
    """Fit a picture of Pillow into a size without distorting it, grey around it."""
    scale = min(width / picture.width, height / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    canvas = np.full((height, width, 3), GREY, np.uint8)
    canvas[top : top + size[1], left : left + size[0]] = picture.resize(size, BILINEAR)
    pixels = canvas.transpose(2, 0, 1).astype(np.float32)
    pixels /= 255
    return Letterbox(pixels, scale, left, top)


def suppress(corners: Array, labels: NDArray[np.int64], max_overlap: float) -> list[int]:
    """Return the positions of boxes, best first, without those that a better one overlaps."""
    kept: list[int] = []
    areas = (corners[:, 2:] - corners[:, :2]).prod(axis=1)
    rest = np.arange(len(corners))
    while len(rest):
        first, rest = rest[0], rest[1:]
        kept.append(int(first))
        shared = np.minimum(corners[first, 2:], corners[rest, 2:])
        shared = (shared - np.maximum(corners[first, :2], corners[rest, :2])).clip(0).prod(axis=1)
        overlap = shared / np.maximum(areas[first] + areas[rest] - shared, 1e-9)
        rest = rest[(labels[rest] != labels[first]) | (overlap <= max_overlap)]
    return kept
