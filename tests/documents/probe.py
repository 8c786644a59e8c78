"""Serve one declared type after the other and print the service's responses; runs in a render.

Each line of standard input is a case in JSON: `source` is Python that defines a type `T`, an
`example` of it, perhaps the type `O` and the `result` of the model, which else returns what it
takes, whole and in chunks. `requests` are sent beside those that the document has as examples.
"""

import base64
import json
import sys
import time
import traceback
from types import ModuleType

from fastapi.testclient import TestClient
from src.app import create_app
from src.config.settings import Settings
from src.core.errors import ConfigError

MODEL = """
from collections.abc import Iterator
from src.models.base import Model


class Echo(Model):
    model_name = "echo"
    version = "1"
    inline = True
    example = example

    def predict(self, input_data: T) -> globals().get("O", T):
        if "result_of" in globals():
            return result_of(input_data)
        return globals().get("result", input_data)

    def predict_stream(self, input_data: T) -> Iterator[globals().get("O", T)]:
        yield self.predict(input_data)
"""
JSON = {"content-type": "application/json"}
PAGES = ("/docs", "/redoc", "/openapi.json", "/info", "/v2/models/echo", "/ready")


def serve(number, case):
    """Serve a model of the type that a case defines, and send it the requests."""
    name = f"src.models.case_{number}"
    module = sys.modules[name] = ModuleType(name)
    failures = []
    settings = {"model": {"implementation": f"case_{number}:Echo", "cache_size": 0}}
    try:
        exec(compile(case["source"] + MODEL, name, "exec"), module.__dict__)
        app = create_app(
            Settings.model_validate(settings),
            on_load_failure=lambda exc: failures.append(repr(exc)),
        )
    except ConfigError as exc:
        return {"refused": str(exc)}
    with TestClient(app, raise_server_exceptions=False) as client:
        deadline = time.monotonic() + 20
        while not failures and client.get("/ready").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        answers = {path: told(client.get(path)) for path in PAGES}
        answers |= {path: told(client.post(path, **sent)) for path, sent in examples(answers)}
        sent = {
            name: told(client.post(path, content=base64.b64decode(body), headers=headers))
            for name, path, body, headers in case.get("requests", ())
        }
    return {"refused": None, "failures": failures, "answers": answers, "sent": sent}


def examples(answers):
    """Return the requests that the document has as examples."""
    document = json.loads(answers["/openapi.json"][2])
    for path, operations in document.get("paths", {}).items():
        body = operations.get("post", {}).get("requestBody")
        if not body or "/versions/" in path:
            continue
        media = body["content"].get("application/json", {})
        example = media.get("example")
        if example is None:
            example = of_fields(media.get("schema", {}), document)
        if example is not None:
            yield path, {"content": json.dumps(example), "headers": JSON}


def of_fields(schema, document):
    if options := [option for option in schema.get("anyOf", []) if "$ref" in option]:
        schema = options[0]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    fields = schema.get("properties", {})
    return {name: f["examples"][0] for name, f in fields.items() if "examples" in f} or None


def told(response):
    kind = response.headers.get("content-type", "")
    return response.status_code, kind, response.content.decode("utf-8", "surrogateescape")


def main():
    """Respond to each case with a line of JSON."""
    results, sys.stdout = sys.stdout, sys.stderr
    for number, line in enumerate(sys.stdin):
        try:
            result = serve(number, json.loads(line))
        except Exception:  # a start that ends in a traceback is a result
            result = {"crashed": traceback.format_exc()}
        print(json.dumps(result), file=results, flush=True)


if __name__ == "__main__":
    main()
