"""Train the example model and write its artifact: yours to change or replace.

`make setup` and `make run` call it while the artifact is missing. A real training script reads its
data from elsewhere and measures the result; `configs/config.yaml` names what it writes.
"""

import hashlib
import json
import re
import sys
from importlib.metadata import version
from pathlib import Path

import torch
import yaml
from safetensors.torch import save

# For where the service itself is not installed.
sys.path.extend(str(Path(__file__).parents[1] / folder) for folder in ("", "src"))

from src.models.example_module import Mood
from src.models.torch_backend import pad

NAME = "example_module.safetensors"
ARTIFACT = Path(__file__).parents[1] / "artifacts" / NAME

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
    """Return the words, a network, and the accuracy on texts that it was not given."""
    torch.manual_seed(0)
    rows = [
        (re.findall(r"\w+", text.lower()), label)
        for label, lines in enumerate(TEXTS.values())
        for text in lines.strip().replace("\n", "|").split("|")
    ]
    words = sorted({word for text, _ in rows for word in text})
    columns, mask = pad([[words.index(word) for word in text] for text, _ in rows], torch.long)
    labels = torch.tensor([label for _, label in rows])
    right = []
    for held_out in (torch.arange(len(labels)) % 5 == fold for fold in range(5)):
        network = fit(len(words), columns[~held_out], mask[~held_out], labels[~held_out])
        scores = network(columns[held_out], mask[held_out])
        right += (scores.argmax(1) == labels[held_out]).tolist()
    return words, fit(len(words), columns, mask, labels), round(sum(right) / len(right), 3)


def fit(words, columns, mask, labels):
    """Return a network after gradient descent."""
    network = Mood(words, len(TEXTS))
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.05, weight_decay=0.1)
    for _ in range(40):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(columns, mask), labels).backward()
        optimizer.step()
    return network.eval()


def write(path):
    """Train, write the artifact and its card; return the SHA-256 of the artifact."""
    path.parent.mkdir(parents=True, exist_ok=True)
    words, network, accuracy = train()
    texts = {"labels": json.dumps([*TEXTS]), "words": json.dumps(words)}
    path.write_bytes(save(network.state_dict(), texts))
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    card = {
        "version": "1.0.0",
        "sha256": checksum,
        "made_with": {name: version(name) for name in ("torch", "safetensors")},
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
