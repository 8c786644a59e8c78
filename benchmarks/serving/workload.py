"""The models that are served: their inputs, their files, and the expected predictions."""

import json
import os
import random
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

INPUTS, SEED = 256, 1
MODELS = Path(__file__).parent.parent / "models"
PEERS = Path(__file__).parent.parent / "peers"


class Workload(NamedTuple):
    """A model and its inputs."""

    name: str
    title: str
    inputs: list[Any]
    maker: str = ""
    """Script that writes the model's file; empty: the model has none."""
    implementation: str = ""
    """The model in a rendered service; empty: the one that is rendered by default."""
    suffix: str = ".onnx"
    """Of the model's file."""
    connections: tuple[int, ...] = (1, 16, 64)
    """Numbers of connections, unless the command line has others."""
    input_maker: str = ""
    """Script that prints the inputs as JSON, for those that need a library."""
    needs_upstream: bool = False
    """Whether the model calls a slow server, which runs beside the systems."""


def workloads() -> dict[str, Workload]:
    """Return every workload, by name."""
    rng = random.Random(SEED)
    everything = [
        Workload("keyword", "Keyword model", _many(lambda: _keyword_text(rng))),
        Workload(
            "tfidf", "TF-IDF and logistic regression (scikit-learn)",
            _many(lambda: _long_text(rng)), "make_tfidf.py", "tfidf_model:TfidfModel", ".joblib",
        ),
        Workload(
            "onnx", "Perceptron 784-2048-2048-10 (ONNX Runtime, one thread)",
            _many(lambda: [round(rng.gauss(0, 1), 4) for _ in range(784)]),
            "make_onnx_mlp.py", "onnx_mlp_model:OnnxMlpModel",
        ),
        Workload(
            "image", "A picture of 1 MB (Pillow, ONNX Runtime with one thread)", [],
            "make_image_net.py", "image_model:ImageModel", connections=(1, 16),
            input_maker="make_pictures.py",
        ),
        _upstream("upstream", "httpx2", rng),
        _upstream("upstream-aiohttp", "aiohttp", rng),
    ]  # fmt: skip
    return {workload.name: workload for workload in everything}


class Task(NamedTuple):
    """A workload, the variables by which systems find its model, and the expected predictions.

    Inputs are as they are in JSON, so bytes are base64.
    """

    workload: Workload
    variables: dict[str, str]
    right: list[Any]


def prepare(
    workload: Workload, maker_python: Path, python: Path, folder: Path, known: dict[str, str]
) -> Task:
    """Write the model's file into a folder, make the inputs, evaluate the model without a server.

    Args:
        workload: The model and its inputs.
        maker_python: The Python that runs the makers.
        python: The Python that evaluates the model.
        folder: Where the file is written.
        known: Further variables by which systems find what the model needs.
    """
    variables = {"BENCH_MODEL": workload.name, **known}
    if workload.maker:
        artifact = folder / f"{workload.name}{workload.suffix}"
        _run(maker_python, MODELS / workload.maker, str(artifact))
        variables["BENCH_ARTIFACT"] = str(artifact)
    if workload.input_maker:
        made = _run(maker_python, MODELS / workload.input_maker)
        workload = workload._replace(inputs=json.loads(made))
    inputs = json.dumps(workload.inputs)
    right = _run(python, PEERS / "common" / "answers.py", inputs=inputs, variables=variables)
    return Task(workload, variables, list(json.loads(right)))


def _run(
    python: Path, script: Path, *arguments: str, inputs: str = "",
    variables: Mapping[str, str] = MappingProxyType({}),
) -> str:  # fmt: skip
    """Return what a script prints."""
    done = subprocess.run(
        [str(python), str(script), *arguments], input=inputs, env={**os.environ, **variables},
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def _upstream(name: str, client: str, rng: random.Random) -> Workload:
    title = f"An upstream of 50 ms, called with {client}"
    implementation = {"httpx2": "HttpxModel", "aiohttp": "AiohttpModel"}[client]
    return Workload(
        name, title, _many(lambda: _keyword_text(rng)), connections=(200,), needs_upstream=True,
        implementation=f"upstream_model:{implementation}",
    )  # fmt: skip


def _many(make: Callable[[], Any]) -> list[Any]:
    return [make() for _ in range(INPUTS)]


def _keyword_text(rng: random.Random) -> str:
    word = rng.choice(["good", "Great", "bad", "dull"])
    return f"This is {word}, a text of some length, number {rng.randrange(1000)}"


def _long_text(rng: random.Random) -> str:
    label = rng.choice(["negative", "positive"])  # the words of make_tfidf.py
    words = [f"word{rng.randrange(5000)}" for _ in range(30)]
    words += [f"{label}{rng.randrange(50)}" for _ in range(7)]
    rng.shuffle(words)
    return " ".join(words)
