"""Train the example model and write its artifact: yours to change or replace.

`make setup` and `make run` call it while the artifact is missing. A real training script reads its
data from elsewhere and measures the result; `configs/config.yaml` names what it writes.
"""

import hashlib
import sys
from pathlib import Path

import skops.io
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
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
    """Return a pipeline from texts to labels."""
    rows = [
        (text.strip(), label)
        for label, lines in TEXTS.items()
        for text in lines.strip().replace("\n", "|").split("|")
    ]
    texts, labels = zip(*rows, strict=True)
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    return make_pipeline(words, LogisticRegression(C=10)).fit(texts, labels)


def write(path):
    """Train, and write the artifact; return its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    skops.io.dump(train(), path)
    for name in skops.io.get_untrusted_types(file=path):
        print(f"Not trusted by skops, so name it in `trusted_types` of the model: {name}")
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    artifact = Path(sys.argv[1]) if len(sys.argv) > 1 else ARTIFACT
    checksum = write(artifact)
    print(f"Wrote {artifact}. To accept this file only, in configs/config.yaml, model.artifact:")
    print(f"    sha256: {checksum}")
    print("Each run makes a file with another checksum, so pin a file that you keep.")
