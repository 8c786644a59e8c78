"""Send requests to a running service: `/ready`, `/info`, and one prediction.

    python3 scripts/smoke_test.py [address] [seconds to wait until it is ready]

The prediction is for the model's own `example`, which the service publishes in `/openapi.json`;
without an example there is no prediction. Exit code 1: a response was not 200, or there was none.
"""

import json
import sys
import time
import urllib.error
import urllib.request
from typing import Any

REQUEST_SECONDS = 60


def send(url: str, body: Any = None) -> tuple[int, str]:
    """Return status and text of a response: of a POST if there is a body, else of a GET."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_SECONDS) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_until_ready(address: str, seconds: float) -> bool:
    """Return whether the service became ready in that time; loading a model may take long."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            status, reason = send(f"{address}/ready")
        except OSError as exc:  # the service does not listen yet
            status, reason = 0, str(exc)
        if status == 200 or time.monotonic() > deadline:
            print(f"/ready: {status or 'no response'} {reason}")
            return status == 200
        time.sleep(0.2)


def resolve(schema: Any, document: Any) -> Any:
    """Return the object schema that a schema refers to, which may be optional."""
    for choice in schema.get("anyOf", ()):
        if choice != {"type": "null"}:
            return resolve(choice, document)
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return resolve(document["components"]["schemas"][name], document)
    return schema


def examples(document: Any) -> list[Any]:
    """Return the example inputs for `/predict` in the OpenAPI document."""
    body = document["paths"].get("/predict", {}).get("post", {}).get("requestBody", {})
    schema = body.get("content", {}).get("application/json", {}).get("schema", {})
    field = resolve(schema, document).get("properties", {}).get("input", {})
    found: list[Any] = field.get("examples", [])
    return found


def fetch(url: str, body: Any = None) -> str:
    """Return the text of a response; exit with an error message if its status is not 200."""
    status, text = send(url, body)
    if status != 200:
        sys.exit(f"{url}: {status} {text}")
    return text


def main() -> None:
    """Send the requests; exit with code 1 at the first failure."""
    given = dict(enumerate(sys.argv))
    address, seconds = given.get(1, "http://127.0.0.1:8000"), float(given.get(2, "300"))
    if not wait_until_ready(address, seconds):
        sys.exit(1)
    print(f"/info: {fetch(f'{address}/info')}")
    for example in examples(json.loads(fetch(f"{address}/openapi.json"))):
        print(f"/predict: {fetch(f'{address}/predict', {'input': example})}")


if __name__ == "__main__":
    main()
