"""Folders that are loaded without running code of them, and those that are not loaded."""

import json
import socket

import pytest
import torch
import transformers

from src.config.artifact import ArtifactSettings
from src.core.artifacts import provide
from src.core.errors import ConfigError
from tests.engine.suite.transformers.tiny_models import (
    SIZES,
    Mood,
    Story,
    Talk,
    Vectors,
    configured,
    loaded,
    save,
    word_pieces,
)

CODE = "from pathlib import Path\nPath(__file__).with_name('ran').touch()\n"


def refusal(kind, artifact, **options):
    with pytest.raises(ConfigError) as failure:
        loaded(kind, artifact, **options)
    (line,) = str(failure.value).splitlines()
    return line


def edited(folder, name, **values):
    """Return the text of a JSON file with other values."""
    return json.dumps({**json.loads((folder / name).read_text()), **values})


def test_model_without_artifact_names_the_setting():
    assert "Mood has no artifact: set model.artifact.uri to a folder" in refusal(Mood, None)


def test_file_is_rejected(bert):
    assert "model.safetensors must be a folder" in refusal(Mood, bert / "model.safetensors")


@pytest.mark.parametrize(
    ("without", "added", "reason"),
    [
        (["config.json"], {}, "has no config.json: it is not a model of Transformers"),
        (["model.safetensors"], {}, "has no model.safetensors: other weights are not read"),
        (["tokenizer.json"], {}, "tokenizer.json, or another tokenizer, cannot be loaded: Value"),
        (["tokenizer.json", "tokenizer_config.json"], {}, "has no tokenizer.json"),
        ([], {"adapter_config__json": "{}"}, "has an adapter, which would be ignored"),
        ([], {"config__json": "{"}, "cannot be loaded as AutoModelForSequenceClassification: OS"),
        ([], {"tokenizer__json": "{"}, "or another tokenizer, cannot be loaded: JSONDecodeError"),
        ([], {"model__safetensors": "text"}, "SafetensorError"),
    ],
)
def test_incomplete_or_broken_folder_is_one_line(bert, changed, without, added, reason):
    assert reason in refusal(Mood, changed(bert, without, **added))


def test_truncated_weights_are_one_line(bert, changed):
    folder = changed(bert)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    assert "SafetensorError: Error while deserializing header" in refusal(Mood, folder)


def test_pickled_weights_are_rejected(bert, changed):
    """Before they are there, and by the backend as well."""
    folder = changed(bert, ["model.safetensors"])
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(ConfigError, match=r"loading pytorch_model\.bin runs code"):
        provide(ArtifactSettings(uri=folder.as_uri()))
    assert "has no model.safetensors" in refusal(Mood, folder)


@pytest.mark.parametrize("model_type", ["bert", "unknown"])
def test_code_in_the_folder_does_not_run(bert, changed, model_type):
    names = ("AutoConfig", "AutoModel", "AutoModelForSequenceClassification")
    places = dict.fromkeys(names, "code.Own")
    config = edited(bert, "config.json", auto_map=places, model_type=model_type)
    tokens = edited(
        bert,
        "tokenizer_config.json",
        auto_map={"AutoTokenizer": ["code.Own", "code.Own"]},
        tokenizer_class="Own",
    )
    folder = changed(bert, config__json=config, tokenizer_config__json=tokens, code__py=CODE)
    if model_type == "bert":
        assert loaded(Mood, folder).predict("this is good").label == "positive"
    else:
        assert "contains custom code which must be executed" in refusal(Mood, folder)
    assert not (folder / "ran").exists()


def test_weights_of_another_task_are_rejected(bert, llama):
    line = refusal(Mood, llama)
    assert "the weights of a LlamaForCausalLM; a LlamaForSequenceClassification has others" in line
    assert "BertForSequenceClassification; a BertLMHeadModel has others" in refusal(Story, bert)


def test_weights_of_another_size_are_rejected(bert, changed):
    folder = changed(bert, config__json=edited(bert, "config.json", intermediate_size=48))
    assert "has others, such as bert.encoder.layer.0.intermediate.dense" in refusal(Mood, folder)


def test_network_that_fills_gaps_does_not_generate(tmp_path):
    config = transformers.BertConfig(vocab_size=len(word_pieces()), **SIZES)
    folder = save(tmp_path / "gaps", transformers.BertForMaskedLM(config), word_pieces())
    assert refusal(Story, folder).endswith("fills gaps of texts, and does not generate any")
    assert len(loaded(Vectors, folder).predict("this is good")) == 32, "it needs no pooler"


def test_chat_needs_a_template(llama, changed):
    folder = changed(llama, ["chat_template.jinja"])
    assert "has no chat template" in refusal(Talk, folder)
    assert loaded(Story, folder).predict("one two").startswith(" three")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("dtype", "int8"),
        ("max_tokens", -1),
        ("device", "gpu"),
        ("max_new_tokens", 0),
        ("temperature", 3),
    ],
)
def test_wrong_option_names_its_place(llama, option, value):
    with pytest.raises(ConfigError, match=rf"model\.options\.{option}"):
        configured(Story(), llama, **{option: value})


def test_device_that_is_missing_ends_the_start(bert):
    assert refusal(Mood, bert, device="cuda:9").startswith("model.options.device: cuda:9")


def test_loading_needs_no_network_and_writes_nothing(bert, llama, monkeypatch, capfd):
    """Not even with the hub in reach: a folder may name a repository."""

    def connect(*_):
        raise AssertionError

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    loaded(Mood, bert).predict("this is good")
    loaded(Vectors, bert)
    loaded(Story, llama).predict("one two")
    refusal(Mood, llama)
    assert capfd.readouterr() == ("", "")


def test_errors_of_the_library_are_lines_of_the_service(bert, log, capfd):
    loaded(Mood, bert)
    transformers.logging.get_logger("transformers.generation").error("out of\nmemory")
    transformers.logging.get_logger("transformers.generation").warning("advice")
    assert "- ERROR - out of\\nmemory\n" in log.getvalue()
    assert "advice" not in log.getvalue()
    assert capfd.readouterr().err == ""
