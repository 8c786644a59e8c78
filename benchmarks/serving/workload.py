"""The models that are served: their inputs, their files, and the expected predictions."""

import json
import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
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


def workloads() -> dict[str, Workload]:
    """Return every workload, by name."""
    rng = random.Random(SEED)
    everything = [
        Workload("keyword", "Keyword model", _many(lambda: _keyword_text(rng))),
        Workload(
            "tfidf", "TF-IDF and logistic regression (scikit-learn)",
            _many(lambda: _long_text(rng)), "make_tfidf.py", "tfidf_model:TfidfModel",
        ),
        Workload(
            "onnx", "Perceptron 784-2048-2048-10 (ONNX Runtime, one thread)",
            _many(lambda: [round(rng.gauss(0, 1), 4) for _ in range(784)]),
            "make_onnx_mlp.py", "onnx_mlp_model:OnnxMlpModel",
        ),
    ]  # fmt: skip
    return {workload.name: workload for workload in everything}


class Task(NamedTuple):
    """A workload, the variables by which systems find its model, and the expected predictions."""

    workload: Workload
    variables: dict[str, str]
    right: list[Any]


def prepare(workload: Workload, maker_python: Path, python: Path, folder: Path) -> Task:
    """Write the model's file into a folder, and evaluate the model without a server."""
    variables = {"BENCH_MODEL": workload.name}
    if workload.maker:
        artifact = folder / f"{workload.name}.artifact"
        maker = [str(maker_python), str(MODELS / workload.maker), str(artifact)]
        subprocess.run(maker, check=True)
        variables["BENCH_ARTIFACT"] = str(artifact)
    done = subprocess.run(
        [str(python), str(PEERS / "common" / "answers.py")], input=json.dumps(workload.inputs),
        env={**os.environ, **variables}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return Task(workload, variables, list(json.loads(done.stdout)))


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
