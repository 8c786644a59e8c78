"""Train TF-IDF and logistic regression on a synthetic corpus, and write it to the path given."""

import random
import sys

import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

SEED, TEXTS, WORDS, LENGTH = 0, 2000, 5000, 30
LABELS = ("negative", "positive")


def main() -> None:
    """Train and write."""
    rng = random.Random(SEED)
    texts, labels = zip(*(text(rng, index % 2) for index in range(TEXTS)), strict=True)
    pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression())
    joblib.dump(pipeline.fit(texts, labels), sys.argv[1])


def text(rng: random.Random, label: int) -> tuple[str, str]:
    """Return a text of which about every fifth word belongs to its label."""
    words = [f"word{rng.randrange(WORDS)}" for _ in range(LENGTH)]
    words += [f"{LABELS[label]}{rng.randrange(50)}" for _ in range(LENGTH // 4)]
    rng.shuffle(words)
    return " ".join(words), LABELS[label]


if __name__ == "__main__":
    main()
