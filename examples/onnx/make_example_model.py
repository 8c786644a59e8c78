"""Train the example model and write its artifact: yours to change or replace.

`make setup` and `make run` call it while the artifact is missing. A real training script exports
what a framework has trained; `configs/config.yaml` names what it writes.
"""

import hashlib
import json
import re
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import yaml
from onnx import TensorProto, helper, numpy_helper

ARTIFACT = Path(__file__).parents[1] / "artifacts" / "example_module.onnx"
IR_VERSION, OPSET = 10, 21  # newer ones, which `onnx` writes by default, need a newer runtime

TEXTS = {
    "negative": """
        this is bad | a bad service | bad value and rude people | very bad, never again | terrible
        this is dull | a terrible day | poor work, do it again | what a bad idea | I dislike it
        awful | an awful choice | I hate this | we hate the new design | boring, no thanks
        it does not work | slow and unfriendly | I am angry | a pain to use | the worst of all
    """,
    "positive": """
        this is good | a good service | good value and good people | very good, thank you | great
        this is great | a great day | great work, well done | what a great idea | I like it
        excellent | an excellent choice | I love this | we love the new design | wonderful, thanks
        it works well | fast and friendly | I am happy | a pleasure to use | the best of all
    """,
}


def train():
    """Return the words, a weight for each word and label, and the accuracy on other texts."""
    rows = [
        (re.findall(r"\w+", text.lower()), label)
        for label, lines in enumerate(TEXTS.values())
        for text in lines.strip().replace("\n", "|").split("|")
    ]
    words = sorted({word for text, _ in rows for word in text})
    X = np.array([[text.count(word) for word in words] for text, _ in rows], np.float32)
    y = np.eye(len(TEXTS), dtype=np.float32)[[label for _, label in rows]]
    right = []
    for held_out in (np.arange(len(X)) % 5 == fold for fold in range(5)):
        scores = X[held_out] @ fit(X[~held_out], y[~held_out])
        right += [*(scores.argmax(axis=1) == y[held_out].argmax(axis=1))]
    return words, fit(X, y), round(float(np.mean(right)), 3)


def fit(counts, targets):
    """Return the weights after gradient descent."""
    weights = np.zeros((counts.shape[1], targets.shape[1]), np.float32)
    for _ in range(300):
        scores = np.exp(counts @ weights)
        error = scores / scores.sum(axis=1, keepdims=True) - targets
        weights -= counts.T @ error / len(counts) * 5 + weights * 0.01
    return weights


def graph(words, weights):
    """Return the graph: probabilities of the labels for counts of the words."""
    nodes = [
        helper.make_node("MatMul", ["counts", "weights"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    counts = helper.make_tensor_value_info("counts", TensorProto.FLOAT, ["n", len(words)])
    result = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", len(TEXTS)])
    initializers = [numpy_helper.from_array(weights, "weights")]
    whole = helper.make_graph(nodes, "mood", [counts], [result], initializers)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(whole, opset_imports=opset, ir_version=IR_VERSION)
    for key, value in {"labels": list(TEXTS), "words": words}.items():
        model.metadata_props.add(key=key, value=json.dumps(value))
    onnx.checker.check_model(model, full_check=True)
    return model


def write(path):
    """Train, write the artifact and its card; return the SHA-256 of the artifact."""
    path.parent.mkdir(parents=True, exist_ok=True)
    words, weights, accuracy = train()
    onnx.save(graph(words, weights), path)
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    card = {
        "version": "1.0.0",
        "sha256": checksum,
        "made_with": {name: version(name) for name in ("onnx", "numpy")},
        "data": "the texts in scripts/make_example_model.py",
        "metrics": {"accuracy": accuracy},
        "limits": "a placeholder: it knows the words of its texts",
    }
    path.with_suffix(".card.yaml").write_text(yaml.safe_dump(card, sort_keys=False), "utf-8")
    return checksum


if __name__ == "__main__":
    artifact = Path(sys.argv[1]) if len(sys.argv) > 1 else ARTIFACT
    checksum = write(artifact)
    print(f"Wrote {artifact}, and its card. To accept this file only, in configs/config.yaml,")
    print(f"model.artifact:\n    sha256: {checksum}")
