"""Train the example model and write its artifact: yours to change or replace.

`make setup` and `make run` call it while the artifact is missing. A real training script reads its
data from elsewhere and measures the result; `configs/config.yaml` names what it writes.
"""

import hashlib
import sys
from importlib.metadata import version
from pathlib import Path

import skops.io
import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

ARTIFACT = Path(__file__).parents[1] / "artifacts" / "example_module.skops"

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
    """Return a pipeline from texts to labels, and its accuracy on texts that it was not given."""
    rows = [
        (text.strip(), label)
        for label, lines in TEXTS.items()
        for text in lines.strip().replace("\n", "|").split("|")
    ]
    texts, labels = zip(*rows, strict=True)
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    pipeline = make_pipeline(words, LogisticRegression(C=10))
    accuracy = cross_val_score(pipeline, texts, labels, cv=5).mean()
    return pipeline.fit(texts, labels), round(float(accuracy), 3)


def write(path):
    """Train, write the artifact and its card; return the SHA-256 of the artifact."""
    pipeline, accuracy = train()
    path.parent.mkdir(parents=True, exist_ok=True)
    skops.io.dump(pipeline, path)
    for name in skops.io.get_untrusted_types(file=path):
        print(f"Not trusted by skops, so name it in `trusted_types` of the model: {name}")
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    card = {
        "version": "1.0.0",
        "sha256": checksum,
        "made_with": {name: version(name) for name in ("scikit-learn", "skops")},
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
    print("Each run makes a file with another checksum, so pin a file that you keep.")
