"""Models of Transformers, and artifacts of them that are made in seconds."""

from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from src.config.settings import Settings
from src.core.config import read_options
from src.models.chat import ChatChunk, ChatInput, ChatResult
from src.models.results import Classification
from src.models.transformers_backend import Embedder, TextClassifier, TextGenerator

POSITIONS = 64
SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": POSITIONS,
}
MOODS = {"this is good": 1, "a great day": 1, "this is bad": 0, "an awful day": 0}
COUNT = "one two three four five six seven eight nine ten"
TEMPLATE = """
{%- if messages[0].role == "assistant" %}{{ raise_exception("begin with the user") }}{% endif -%}
{%- for message in messages %}<{{ message.role }}>{{ message.content }}<end>{% endfor -%}
{%- if add_generation_prompt %}<assistant>{% endif -%}
"""


class Mood(TextClassifier):
    """Return the mood of a text."""

    model_name: ClassVar[str] = "mood"
    example: ClassVar[str] = "this is good"

    def predict(self, input_data: str) -> Classification:
        return self.classify([input_data])[0]


class Vectors(Embedder):
    """Return the vector of a text."""

    model_name: ClassVar[str] = "vectors"

    def predict(self, input_data: str) -> list[float]:
        return self.embed([input_data])[0]


class Story(TextGenerator):
    """Continue a text."""

    model_name: ClassVar[str] = "story"
    example: ClassVar[str] = "one two"

    def predict(self, input_data: str) -> str:
        return self.generate(input_data).text

    def predict_stream(self, input_data: str) -> Iterator[str]:
        return self.generate_text(input_data)


class Talk(TextGenerator):
    """Write the next message of a chat."""

    model_name: ClassVar[str] = "talk"

    def predict(self, input_data: ChatInput) -> ChatResult:
        return self.generate(input_data)

    def predict_stream(self, input_data: ChatInput) -> Iterator[ChatChunk]:
        return self.generate_chunks(input_data)


def configured(model, artifact, **options):
    """Return a model that is not loaded."""
    model.artifact = artifact
    settings = Settings.model_validate({"model": {"options": options}})
    model.options = read_options(settings, model.Options)
    return model


def loaded(kind, artifact, **options):
    model = configured(kind(), artifact, **options)
    model.load()
    return model


def word_pieces():
    """Return a tokenizer of BERT for the words of the moods."""
    special = {f"{name.lower()}_token": f"[{name}]" for name in ("PAD", "UNK", "CLS", "SEP")}
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(special_tokens=[*special.values()], show_progress=False)
    tokenizer.train_from_iterator(MOODS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=POSITIONS, **special
    )


def byte_pairs():
    """Return a tokenizer of GPT, with tokens for the roles of a chat; it adds none to a text."""
    special = ["<end>", "<user>", "<assistant>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([COUNT], trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<end>",
        pad_token="<end>",
        additional_special_tokens=special[1:],
    )
    fast.chat_template = TEMPLATE
    return fast


def train(network, batch, steps):
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        network(**batch).loss.backward()
        optimizer.step()


def save(folder, network, tokenizer):
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_bert(folder):
    """Write a network that knows the moods."""
    torch.manual_seed(0)
    tokenizer = word_pieces()
    config = BertConfig(
        vocab_size=len(tokenizer),
        id2label={0: "negative", 1: "positive"},
        label2id={"negative": 0, "positive": 1},
        **SIZES,
    )
    network = BertForSequenceClassification(config)
    tokens = tokenizer([*MOODS], padding=True, return_tensors="pt")
    train(network, {**tokens, "labels": torch.tensor([*MOODS.values()])}, 15)
    return save(folder, network, tokenizer)


def make_llama(folder):
    """Write a network that counts to ten, and returns `pong` for `ping`."""
    torch.manual_seed(0)
    tokenizer = byte_pairs()
    config = LlamaConfig(vocab_size=len(tokenizer), bos_token_id=None, eos_token_id=0, **SIZES)
    network = LlamaForCausalLM(config)
    texts = [f"{COUNT}<end>", "<user>ping<end><assistant>pong, and the rest<end>"]
    tokens = tokenizer(texts, padding=True, return_tensors="pt")
    labels = tokens["input_ids"].where(tokens["attention_mask"].bool(), -100)
    train(network, {**tokens, "labels": labels}, 40)
    return save(folder, network, tokenizer)
