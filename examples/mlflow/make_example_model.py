"""Train the example model and write its artifact: yours to change or replace.

`make setup` and `make run` call it while the artifact is missing. A real training script logs its
model on a server of MLflow, and `configs/config.yaml` names it by its alias in the registry.
"""

import hashlib
import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
import mlflow

ARTIFACT = Path(__file__).parents[1] / "artifacts" / "example_module"

TEXTS = {
    "positive": """
        this is good | a good service | good value and good people | very good, thank you | great
        this is great | a great day | great work, well done | what a great idea | I like it
        excellent | an excellent choice | I love this | we love the new design | wonderful, thanks
        it works well | fast and friendly | I am happy | a pleasure to use | the best of all
    """,
    "negative": """
        this is bad | a bad service | bad value and rude people | very bad, never again | terrible
        this is dull | a terrible day | poor work, do it again | what a bad idea | I dislike it
        awful | an awful choice | I hate this | we hate the new design | boring, no thanks
        it does not work | slow and unfriendly | I am angry | a pain to use | the worst of all
    """,
}


def train():
    """Return a pipeline, the signature of its rows, and its accuracy on texts of other folds."""
    rows = [
        (text.strip(), label)
        for label, lines in TEXTS.items()
        for text in lines.strip().replace("\n", "|").split("|")
    ]
    texts, labels = map(list, zip(*rows, strict=True))
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    pipeline = make_pipeline(words, LogisticRegression(C=10))
    accuracy = cross_val_score(pipeline, texts, labels, cv=5).mean()
    signature = mlflow.models.infer_signature(texts, labels)
    return pipeline.fit(texts, labels), signature, round(float(accuracy), 3)


def checksum(folder):
    """Return the SHA-256 of a folder, as `make checksum` does."""
    digests = {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }
    lines = (f"{digests[name]}  {name}\n" for name in sorted(digests, key=str.encode))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write(path):
    """Train, write the artifact, a folder, and its card; return the SHA-256 of the artifact."""
    pipeline, signature, accuracy = train()
    made_with = {name: version(name) for name in ("scikit-learn", "skops")}
    part = path.with_name(f"{path.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    mlflow.sklearn.save_model(
        pipeline,
        part,
        signature=signature,
        serialization_format="skops",  # runs no code when it is loaded
        pip_requirements=[f"{name}=={number}" for name, number in made_with.items()],
    )
    shutil.rmtree(path, ignore_errors=True)
    part.rename(path)  # so that it is never there in part
    card = {
        "version": "1.0.0",
        "sha256": checksum(path),
        "made_with": made_with,
        "data": "the texts in scripts/make_example_model.py",
        "metrics": {"accuracy": accuracy},
        "limits": "a placeholder: it knows the words of its texts",
    }
    text = yaml.safe_dump(card, sort_keys=False)
    path.with_name(f"{path.name}.card.yaml").write_text(text, "utf-8")
    return card["sha256"]


if __name__ == "__main__":
    artifact = Path(sys.argv[1]) if len(sys.argv) > 1 else ARTIFACT
    sha256 = write(artifact)
    print(f"Wrote {artifact}, and its card. To accept these files only, in configs/config.yaml,")
    print(f"model.artifact:\n    sha256: {sha256}")
    print("Each run makes a folder with another checksum, so pin one that you keep.")
