"""Labels and vectors of texts: alone, in batches, from several threads, of any length."""

import gc
import json
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
import transformers

from src.core.errors import ConfigError, InvalidInputError
from src.models.transformers_backend.tokenizers import Tokenizers
from tests.engine.suite.transformers.tiny_models import (
    MOODS,
    POSITIONS,
    SIZES,
    Mood,
    Vectors,
    byte_pairs,
    loaded,
    save,
    word_pieces,
)

TEXTS = ["this is good", "this is bad and an awful day", "", "good " * 200]


def test_moods_are_those_of_the_training(bert):
    model = loaded(Mood, bert)
    for text, label in MOODS.items():
        result = model.predict(text)
        assert result.label == model.labels[label]
        assert result.score > 0.9
        assert sum(result.probabilities.values()) == pytest.approx(1)


def test_batch_equals_single_calls(bert):
    model = loaded(Mood, bert)
    for together, alone in zip(model.predict_batch(TEXTS), map(model.predict, TEXTS), strict=True):
        assert together.probabilities == pytest.approx(alone.probabilities, abs=1e-5)


def test_batch_of_a_network_without_padding_token_equals_single_calls(tmp_path):
    """It then is the one of the end, and the network has to know."""
    tokenizer = byte_pairs()
    tokenizer.pad_token = None
    config = transformers.LlamaConfig(vocab_size=len(tokenizer), **SIZES)
    config.num_labels = 3
    network = transformers.LlamaForSequenceClassification(config)
    model = loaded(Mood, save(tmp_path / "llama", network, tokenizer))
    assert model.network.config.pad_token_id == 0
    texts = ["one", "one two three four", "one two"]
    for together, alone in zip(model.predict_batch(texts), map(model.predict, texts), strict=True):
        assert together.probabilities == pytest.approx(alone.probabilities, abs=1e-5)


def test_several_threads_predict_as_one_does(bert):
    model = loaded(Mood, bert)
    texts = [f"{text} {'good ' * (number % 7)}" for number in range(20) for text in MOODS]
    expected = {text: model.predict(text).score for text in texts}
    with ThreadPoolExecutor(8) as threads:
        for text, score in threads.map(lambda t: (t, model.predict(t).score), (texts * 7)[:500]):
            assert score == pytest.approx(expected[text], abs=1e-5)


def test_tokenizer_is_lent_to_one_thread_at_a_time(bert):
    tokenizers = Tokenizers.of(bert)
    with tokenizers.lend() as first, tokenizers.lend() as second:
        assert len({id(first), id(second), id(tokenizers.original)}) == 3
        assert first("this is good") == second("this is good")
    with tokenizers.lend() as third:
        assert third in (first, second), "it is not copied again"


def test_text_is_cut_at_the_limit(bert):
    model = loaded(Mood, bert, max_tokens=5)
    assert model.predict("this is good bad bad bad") == model.predict("this is good")
    assert loaded(Mood, bert).max_tokens == POSITIONS
    assert loaded(Mood, bert, max_tokens=1000).max_tokens == POSITIONS


def test_positions_that_begin_after_padding_are_fewer(tmp_path):
    """As in RoBERTa; without a limit in the tokenizer."""
    tokenizer = word_pieces()
    tokenizer.model_max_length = int(1e30)
    config = transformers.RobertaConfig(vocab_size=len(tokenizer), pad_token_id=1, **SIZES)
    network = transformers.RobertaForSequenceClassification(config)
    model = loaded(Mood, save(tmp_path / "roberta", network, tokenizer))
    assert model.max_tokens == POSITIONS - 2
    model.predict("good " * 200)


@pytest.mark.parametrize("values", [{"num_labels": 1}, {"problem_type": "regression"}])
def test_network_of_numbers_is_rejected(bert, changed, values):
    config = transformers.BertConfig.from_pretrained(bert, **{"problem_type": None, **values})
    folder = changed(bert)
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    with pytest.raises(ConfigError, match="returns numbers, not probabilities of labels"):
        loaded(Mood, folder)


def test_several_labels_have_probabilities_of_their_own(bert, changed):
    config = json.loads((bert / "config.json").read_text())
    config["problem_type"] = "multi_label_classification"
    model = loaded(Mood, changed(bert, config__json=json.dumps(config)))
    [row] = model.probabilities(["this is good"])
    assert row["positive"] > 0.5 > row["negative"]
    assert sum(row.values()) != pytest.approx(1, abs=1e-4)
    with pytest.raises(ConfigError, match="use `probabilities`"):
        model.predict("this is good")


def test_numbers_are_as_configured(bert):
    model = loaded(Mood, bert, dtype="bfloat16")
    assert model.network.dtype == torch.bfloat16
    assert model.predict("this is good").score == pytest.approx(1, abs=0.05)


def test_threads_are_as_configured(bert):
    before = torch.get_num_threads()
    loaded(Mood, bert, threads=3).predict("this is good")
    assert torch.get_num_threads() == 3
    loaded(Mood, bert, threads=before)


def test_unloaded_network_is_released(bert):
    model = loaded(Mood, bert)
    model.predict("this is good")
    network = weakref.ref(model.network)
    model.unload()
    gc.collect()
    assert network() is None
    Mood().unload()  # as after a load that failed


def test_vector_is_the_mean_of_the_tokens(bert):
    model = loaded(Vectors, bert)
    with torch.inference_mode():
        tokens = model.tokenizers.original("this is good", return_tensors="pt")
        mean = model.network(**tokens).last_hidden_state.mean(dim=1)[0]
    assert model.predict("this is good") == pytest.approx((mean / mean.norm()).tolist(), abs=1e-5)


def test_vectors_have_length_one_and_do_not_depend_on_the_batch(bert):
    model = loaded(Vectors, bert)
    for together, alone in zip(model.predict_batch(TEXTS), map(model.predict, TEXTS), strict=True):
        assert sum(value**2 for value in together) == pytest.approx(1)
        assert together == pytest.approx(alone, abs=1e-5)


def test_text_without_tokens_is_invalid(llama):
    """Some tokenizers add none."""
    model = loaded(Vectors, llama)
    assert len(model.predict("one")) == 32
    for texts in ([""], ["one", ""]):
        with pytest.raises(InvalidInputError, match="must not be empty"):
            model.embed(texts)


def sentence_transformer(changed, bert, *layers, **pooling):
    """Return a folder as sentence-transformers writes it."""
    paths = {"Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize"}
    modules = [
        {"type": f"sentence_transformers.models.{name}", "path": paths.get(name, "3")}
        for name in ("Transformer", "Pooling", *layers)
    ]
    folder = changed(
        bert, modules__json=json.dumps(modules), sentence_bert_config__json='{"max_seq_length": 7}'
    )
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling/config.json").write_text(json.dumps(pooling))
    return folder


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(
    ("pooling", "token"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, 0),
        ({"pooling_mode_lasttoken": True, "include_prompt": True}, -1),
        ({"pooling_mode": "cls"}, 0),
        ({"pooling_mode": "lasttoken"}, -1),
        ({"pooling_mode_mean_tokens": True}, slice(None)),
    ],
)
def test_pooling_of_sentence_transformers_is_used(bert, changed, pooling, token, side):
    model = loaded(Vectors, sentence_transformer(changed, bert, "Normalize", **pooling))
    model.tokenizers.original.padding_side = side
    assert model.max_tokens == 7
    with torch.inference_mode():
        tokens = model.tokenizers.original("this is good", return_tensors="pt")
        vectors = model.network(**tokens).last_hidden_state[0, token]
    expected = vectors if token in (0, -1) else vectors.mean(dim=0)
    if side == "right":  # positions of BERT begin with the padding
        found = model.embed(["this is good", "this is a bad day"])[0]
        assert found == pytest.approx((expected / expected.norm()).tolist(), abs=1e-5)
    mask = torch.tensor([[0, 1, 1], [1, 1, 1]] if side == "left" else [[1, 1, 0], [1, 1, 1]])
    rows = torch.eye(3).expand(2, 3, 3)
    pooled = model.pooling.pool(rows, mask)[0].tolist()
    first = 1 if side == "left" else 0
    chosen = [first] if token == 0 else [first + 1] if token == -1 else [first, first + 1]
    assert pooled == pytest.approx([(n in chosen) / len(chosen) ** 0.5 for n in range(3)])


def test_pooling_that_cannot_be_read_is_one_line(bert, changed):
    with pytest.raises(ConfigError, match="its pooling cannot be read: JSONDecodeError: Exp"):
        loaded(Vectors, changed(bert, modules__json="["))


@pytest.mark.parametrize(
    ("layers", "pooling", "reason"),
    [
        (["Dense"], {"pooling_mode_mean_tokens": True}, "has a layer Dense, which is not applied"),
        ([], {"pooling_mode_max_tokens": True}, "must choose one of mean, cls, lasttoken"),
        ([], {"pooling_mode": "weightedmean"}, "must choose one of mean, cls, lasttoken"),
        (
            [],
            {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True},
            "must choose one of mean, cls, lasttoken",
        ),
    ],
)
def test_layer_that_is_not_applied_ends_the_start(bert, changed, layers, pooling, reason):
    with pytest.raises(ConfigError, match=reason):
        loaded(Vectors, sentence_transformer(changed, bert, *layers, **pooling))
