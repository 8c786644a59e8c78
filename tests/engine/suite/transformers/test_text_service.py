"""Services of texts: whole, in parts, by the protocol, and with clients that disconnect."""

import json
import socket
import threading
import time

import pytest
import uvicorn

from src.app import create_app
from src.config.settings import Settings
from tests.conftest import until
from tests.engine.suite.transformers.tiny_models import (
    POSITIONS,
    Mood,
    Story,
    Talk,
    Vectors,
    configured,
)

WHOLE = " three four five six seven eight nine ten"


class SlowStory(Story):
    """Count slowly, and never to an end."""

    def load(self):
        super().load()
        self.network.generation_config.eos_token_id = None
        forward = self.network.forward
        self.steps = 0

        def slow(*arguments, **named):
            time.sleep(0.05)
            self.steps += 1
            return forward(*arguments, **named)

        self.network.forward = slow


def generating():
    return [thread for thread in threading.enumerate() if thread.name == "generate"]


def events(response):
    return [json.loads(line.removeprefix("data: ")) for line in response.text.split("\n\n") if line]


def test_classifier_is_served(client_of, bert):
    client = client_of(configured(Mood(), bert))
    answer = client.post("/predict", json={"input": "this is good"}).json()
    assert answer["prediction"]["label"] == "positive"
    inputs = ["this is good", "this is bad"] * 5
    answers = client.post("/predict/batch", json={"inputs": inputs}).json()["predictions"]
    assert [answer["label"] for answer in answers] == ["positive", "negative"] * 5
    tensor = {"name": "input", "datatype": "BYTES", "shape": [2], "data": inputs[:2]}
    infer = client.post("/v2/models/mood/infer", json={"inputs": [tensor]}).json()
    outputs = {output["name"]: output["data"] for output in infer["outputs"]}
    assert outputs["label"] == ["positive", "negative"]
    platform = client.get("/v2/models/mood").json()["platform"]
    assert platform == "transformers_model"


def test_vectors_are_served(client_of, bert):
    client = client_of(configured(Vectors(), bert))
    vector = client.post("/predict", json={"input": "this is good"}).json()["prediction"]
    assert sum(value**2 for value in vector) == pytest.approx(1)


def test_text_is_generated_whole_and_in_parts(client_of, llama):
    client = client_of(configured(Story(), llama))
    body = {"input": "one two"}
    assert client.post("/predict", json=body).json() == {"prediction": WHOLE}
    parts = [event["prediction"] for event in events(client.post("/predict/stream", json=body))]
    assert len(parts) > 4
    assert "".join(parts) == WHOLE
    body = {"text_input": "one two"}
    whole = client.post("/v2/models/story/generate", json=body).json()
    assert whole["text_output"] == WHOLE
    parts = events(client.post("/v2/models/story/generate_stream", json=body))
    assert "".join(part["text_output"] for part in parts) == WHOLE
    too_long = client.post("/predict", json={"input": "one " * 100})
    assert (too_long.status_code, too_long.json()["detail"][:14]) == (422, "The prompt has")


def test_chat_is_answered_whole_and_in_parts(client_of, llama):
    client = client_of(configured(Talk(), llama))
    messages = [{"role": "user", "content": "ping"}]
    for value in ("ping", {"messages": messages}):
        answer = client.post("/predict", json={"input": value}).json()["prediction"]
        assert (answer["text"], answer["finish_reason"]) == ("pong, and the rest", "stop")
    body = {"input": {"messages": messages, "max_tokens": 4}}
    chunks = [event["prediction"] for event in events(client.post("/predict/stream", json=body))]
    assert chunks[-1]["finish_reason"] == "length"
    assert chunks[-1]["completion_tokens"] == 4


def test_generation_that_takes_too_long_is_504_and_ends(client_of, llama):
    model = configured(SlowStory(), llama, max_new_tokens=40)
    client = client_of(model, service={"timeout": 0.5})
    assert client.post("/predict", json={"input": "one two"}).status_code == 504
    until(lambda: not generating())


@pytest.fixture
def story(llama):
    """Return a network that generates for seconds; it is not warmed up."""
    model = configured(SlowStory(), llama)
    model.example = None
    return model


@pytest.fixture
def port(story):
    """Return the port of a server with that network."""
    app = create_app(Settings(), model=story)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started and app.state.inference_service.loaded)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def test_client_that_disconnects_ends_the_generation(story, port):
    body = json.dumps({"input": "one two"}).encode()
    head = f"POST /predict/stream HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
        received = b""
        while b"data: " not in received:
            received += connection.recv(4096)
        assert len(generating()) == 1
    until(lambda: not generating())
    assert story.steps < POSITIONS - 10, "not because the text has ended"
