"""Load, ask and unload with Triton's client; print what it got, as JSON.

Run with the URL of a service and the name of a model, in an environment that has `tritonclient`.
"""

import json
import sys

import numpy as np
from tritonclient.http import InferenceServerClient, InferInput
from tritonclient.utils import InferenceServerException

URL, MODEL = sys.argv[1:]
client = InferenceServerClient(URL.removeprefix("http://"))


def infer(version=""):
    """Return the version and the prediction."""
    tensor = InferInput("input", [1], "BYTES")
    tensor.set_data_from_numpy(np.array([b"0"], dtype=object))
    result = client.infer(MODEL, [tensor], model_version=version)
    response = result.get_response()
    (output,) = response["outputs"]
    return [response["model_version"], result.as_numpy(output["name"])[0].decode()]


def index():
    """Return the state of each version of each model."""
    entries = client.get_model_repository_index()
    return {f"{e['name']} {e['version']}": [e["state"], e.get("reason", "")] for e in entries}


def error(function, *values, **options):
    """Return the status and the message of a call that fails."""
    try:
        function(*values, **options)
    except InferenceServerException as exc:
        return [exc.status(), exc.message()]
    return None


def ready():
    """Return whether the model is, and each of its versions, one of them made up."""
    return [client.is_model_ready(MODEL, version) for version in ("", "1", "2", "9")]


def look():
    """Return all that may change."""
    return {"index": index(), "ready": ready(), "live": client.is_server_ready()}


steps = {"start": {**look(), "predictions": [infer(), infer("1"), infer("2")]}}
steps["metadata"] = client.get_model_metadata(MODEL, "2")
steps["refused"] = {
    "config": error(client.load_model, MODEL, config='{"backend": "python"}'),
    "files": error(client.load_model, MODEL, config="{}", files={"file:1/model.py": b"import os"}),
    "unknown": error(client.load_model, "none"),
    "unknown to unload": error(client.unload_model, "none"),
    "version": error(infer, "9"),
}
steps["after"] = {**look(), "predictions": [infer(), infer("1"), infer("2")]}
client.load_model(MODEL)
steps["reloaded"] = {**look(), "predictions": [infer(), infer("1"), infer("2")]}
client.unload_model(MODEL)
steps["unloaded"] = {**look(), "errors": [error(infer), error(infer, "2")]}
client.unload_model(MODEL, unload_dependents=True)
client.load_model(MODEL)
steps["loaded"] = {**look(), "predictions": [infer(), infer("1"), infer("2")]}
print(json.dumps(steps))
