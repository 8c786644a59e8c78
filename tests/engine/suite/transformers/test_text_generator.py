"""Texts that a network generates: their ends, their parts, and what stops them."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import torch

from src.core.errors import InvalidInputError, PredictionTimeoutError
from src.core.request import time_limit
from src.models.chat import Chat, Message
from src.models.transformers_backend.generation import chunks_until, sampling
from tests.conftest import PATIENCE_S
from tests.engine.suite.transformers.tiny_models import POSITIONS, Story, Talk, loaded

WHOLE = " three four five six seven eight nine ten"


def chat(content, **settings):
    return Chat(messages=[Message(role="user", content=content)], **settings)


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "generate"]


@pytest.fixture
def story(llama):
    return loaded(Story, llama)


@pytest.fixture
def talk(llama):
    return loaded(Talk, llama)


@pytest.fixture
def endless(talk, monkeypatch):
    """A model that talks slowly, as long as it can, and counts the tokens."""
    forward = talk.network.forward
    talk.network.generation_config.eos_token_id = None
    talk.steps = 0

    def slow(*arguments, **named):
        time.sleep(0.02)
        talk.steps += 1
        return forward(*arguments, **named)

    monkeypatch.setattr(talk.network, "forward", slow)
    return talk


def test_text_is_continued_to_its_end(story):
    assert story.predict("one two") == WHOLE
    result = story.generate("one two")
    assert (result.text, result.finish_reason) == (WHOLE, "stop")
    assert (result.prompt_tokens, result.completion_tokens) == (2, 9), "with that of the end"


def test_chat_is_answered_by_its_template(talk):
    result = talk.predict(chat("ping"))
    assert (result.text, result.finish_reason) == ("pong, and the rest", "stop")
    assert result.prompt_tokens == 7


def test_chat_that_the_template_rejects_is_invalid(talk):
    messages = [Message(role="assistant", content="hello")]
    with pytest.raises(InvalidInputError, match="The chat cannot be used: begin with the user"):
        talk.predict(Chat(messages=messages))


@pytest.mark.parametrize("ends", [0, [5, 0], None])
def test_token_of_the_end_may_be_one_of_several(story, ends):
    story.network.generation_config.eos_token_id = ends
    result = story.generate("one two")
    assert result.finish_reason == ("stop" if ends is not None else "length")
    assert result.text.startswith(WHOLE)


def test_text_is_not_longer_than_configured(llama):
    result = loaded(Story, llama, max_new_tokens=3).generate("one two")
    assert (result.text, result.finish_reason) == (" three four five", "length")
    assert result.completion_tokens == 3


@pytest.mark.parametrize(("wanted", "tokens"), [(2, 2), (5, 5), (50, 5)])
def test_request_may_set_less(llama, wanted, tokens):
    model = loaded(Talk, llama, max_new_tokens=5)
    assert model.generate(chat("ping", max_tokens=wanted)).completion_tokens == tokens


def test_prompt_and_text_fit_into_the_network(endless):
    result = endless.generate(chat("ping"))
    assert result.prompt_tokens + result.completion_tokens == POSITIONS
    assert result.finish_reason == "length"


@pytest.mark.parametrize("prompt", ["", "one " * POSITIONS])
def test_prompt_that_does_not_fit_is_invalid(story, prompt):
    with pytest.raises(InvalidInputError, match=r"The prompt has \d+ tokens; it must have 1 to 63"):
        story.predict(prompt)


@pytest.mark.parametrize(
    ("stop", "text"),
    [
        (["seven"], " three four five six "),
        (["r f", "seven"], " three fou"),
        ([""], WHOLE),
        (["ten eleven"], WHOLE),
        ([" three"], ""),
    ],
)
def test_text_ends_before_one_that_stops_it(talk, stop, text):
    talk.tokenizers.original.chat_template = "one two"
    result = talk.generate(chat("x", stop=stop))
    assert (result.text, result.finish_reason) == (text, "stop")
    assert not threads()


def test_text_that_stops_it_ends_the_thread(endless):
    result = endless.generate(chat("ping", stop=["pong"]))
    assert (result.text, result.finish_reason) == ("", "stop")
    assert endless.steps < POSITIONS // 2


@pytest.mark.parametrize(
    ("parts", "chunks"),
    [
        (["one ", "two th", "ree", " four"], ["one tw", "o "]),
        (["one ", "two th", "at", " four"], ["one tw", "o ", "that ", "four"]),
    ],
)
def test_text_that_may_begin_a_stop_is_held_back(parts, chunks):
    assert [chunk.text for chunk in chunks_until(iter(parts), ["three", "zz"])] == chunks


def test_parts_are_the_whole_text(story, talk):
    parts = [*story.predict_stream("one two")]
    assert len(parts) > 4
    assert "".join(parts) == WHOLE
    *chunks, last = talk.predict_stream(chat("ping"))
    assert "".join(chunk.text for chunk in chunks) == "pong, and the rest"
    assert all(chunk.text and chunk.finish_reason is None for chunk in chunks)
    assert (last.text, last.finish_reason, last.prompt_tokens) == ("", "stop", 7)


def test_stream_that_is_closed_ends_the_thread(endless):
    with closing(endless.predict_stream(chat("ping"))) as chunks:
        next(chunks)
        assert len(threads()) == 1
    assert not threads()
    assert endless.steps < POSITIONS // 2
    assert len(endless.tokenizers._free) == 1, "it is given back"


def test_time_limit_ends_the_thread(endless):
    with time_limit(0.3), pytest.raises(PredictionTimeoutError, match="No text within"):
        endless.predict(chat("ping"))
    assert not threads()
    assert endless.steps < POSITIONS // 2


def test_chunk_has_a_time_limit_of_its_own(endless):
    chunks = endless.predict_stream(chat("ping"))
    for _ in range(5):
        with time_limit(PATIENCE_S):
            next(chunks)
    with time_limit(0.001), pytest.raises(PredictionTimeoutError):
        list(chunks)
    assert not threads()
    assert endless.steps < POSITIONS // 2


def test_error_of_the_network_is_raised(story, monkeypatch):
    def broken(**_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(story.network, "generate", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        story.predict("one two")
    assert not threads()


def test_several_threads_generate_as_one_does(story):
    with ThreadPoolExecutor(8) as pool:
        texts = [*pool.map(story.predict, ["one two", "one"] * 12)]
    assert texts == [WHOLE, f" two{WHOLE}"] * 12


def test_equal_seeds_have_equal_texts(llama):
    """Whatever other requests draw."""
    model = loaded(Talk, llama, temperature=2, max_new_tokens=20)
    with ThreadPoolExecutor(4) as pool:
        same = pool.map(lambda _: model.predict(chat("ping", seed=7)).text, range(4))
        other = pool.map(lambda seed: model.predict(chat("ping", seed=seed)).text, range(4))
        drawn = pool.map(lambda _: model.predict(chat("ping")).text, range(4))
    assert len({*same}) == 1
    assert len({*other}) == len({*drawn}) == 4
    assert model.predict(chat("ping", temperature=0)).text == "pong, and the rest"


def test_samples_have_the_probabilities_of_the_tokens():
    scores = torch.tensor([[1.0, 2.0, 3.0, -9.0]])
    for temperature, top_p in ((1, None), (0.5, None), (1, 0.8), (2, 0.1)):
        processors = sampling(temperature, top_p, 1, "cpu")
        drawn = torch.zeros(4)
        for _ in range(1000):
            sampled = scores.clone()
            for process in processors:
                sampled = process(None, sampled)
            drawn[sampled.argmax()] += 1 / 1000
        expected = (scores[0] / temperature).softmax(dim=0)
        if top_p:
            expected[expected < (0.2 if top_p == 0.8 else 0.5)] = 0
        assert drawn.tolist() == pytest.approx((expected / expected.sum()).tolist(), abs=0.06)


def test_nothing_is_random_without_temperature():
    assert sampling(0, 0.5, 1, "cpu") == []
