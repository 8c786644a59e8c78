"""Train the example model and write its artifact: yours to change or replace.

`make setup` and `make run` call it while the artifact is missing. A real training script begins
with a network that knows the language, and your data; `configs/config.yaml` names what it writes.
"""

import hashlib
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import torch
import yaml
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast
from transformers.utils.logging import disable_progress_bar

ARTIFACT = Path(__file__).parents[1] / "artifacts" / "example_module"

SPECIAL = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
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


def make_tokenizer(texts):
    """Return a tokenizer that knows the words of the texts."""
    tokenizer = Tokenizer(models.WordPiece(unk_token=SPECIAL["unk_token"]))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    names = [*SPECIAL.values()]
    trainer = trainers.WordPieceTrainer(special_tokens=names, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **SPECIAL)


def fit(tokenizer, rows):
    """Return a small network that was trained with texts and the numbers of their labels."""
    torch.manual_seed(0)
    names = dict(enumerate(TEXTS))
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        id2label=names,
        label2id={name: number for number, name in names.items()},
    )
    network = BertForSequenceClassification(config)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01)
    texts, labels = zip(*rows, strict=True)
    tokens = tokenizer(texts, padding=True, return_tensors="pt")
    for _ in range(20):
        optimizer.zero_grad()
        network(**tokens, labels=torch.tensor(labels)).loss.backward()
        optimizer.step()
    return network.eval()


def train():
    """Return the tokenizer, the network, and its accuracy on texts that it was not given."""
    rows = [
        (text.strip(), label)
        for label, lines in enumerate(TEXTS.values())
        for text in lines.strip().replace("\n", "|").split("|")
    ]
    tokenizer = make_tokenizer(text for text, _ in rows)
    right = []
    for fold in range(4):
        network = fit(tokenizer, [row for i, row in enumerate(rows) if i % 4 != fold])
        texts, labels = zip(*rows[fold::4], strict=True)
        with torch.inference_mode():
            scores = network(**tokenizer(texts, padding=True, return_tensors="pt")).logits
        right += (scores.argmax(dim=1) == torch.tensor(labels)).tolist()
    return tokenizer, fit(tokenizer, rows), round(sum(right) / len(right), 3)


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
    disable_progress_bar()
    torch.set_num_threads(1)  # the network is too small for more
    tokenizer, network, accuracy = train()
    part = path.with_name(f"{path.name}.part")
    tokenizer.save_pretrained(part)
    network.save_pretrained(part)
    shutil.rmtree(path, ignore_errors=True)
    part.rename(path)  # so that it is never there in part
    card = {
        "version": "1.0.0",
        "sha256": checksum(path),
        "made_with": {name: version(name) for name in ("torch", "transformers")},
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
    print("Each run makes files with another checksum, so pin a folder that you keep.")
