"""Systems that classify pictures of 1 MB; all but one run the same lines of Pillow."""

from benchmarks.serving.catalogue.keys import BASELINE, OURS
from benchmarks.serving.catalogue.kinds import asgi, bentoml, litserve, mlserver, ours
from benchmarks.serving.formats import FORM, PLAIN, RAW, Format
from benchmarks.serving.system import System

IMAGE = ("image",)
# The preset `production`, and `images`, which it leaves out.
FEATURES = """{
    "model_backend": "onnx",
    "features": [
        "batching", "hardening", "open_inference", "metrics", "playground", "uploads", "images",
        "docker"
    ]
}"""


def systems() -> list[System]:
    """Return every system; the baseline runs the model where the rendered service does."""
    decode = {"MODEL__IMPLEMENTATION": "image_model:GuardedImageModel"}
    return [
        _fastapi(BASELINE, "FastAPI, `run_in_threadpool`", "thread"),
        _fastapi("fastapi-async", "FastAPI, `async def`", ""),
        _ours(OURS, "**this template**, the body is the file", RAW),
        _ours("ours-form", "**this template**, a form with the file", FORM),
        _ours("ours-json", "**this template**, base64 in JSON", PLAIN),
        _ours("ours-guarded", "**this template**, the file, by `decode_image`", RAW, decode),
        litserve("litserve", "LitServe, a form with the file", IMAGE, "image.py", FORM),
        litserve("litserve-json", "LitServe, base64 in JSON", IMAGE, "image_json.py"),
        bentoml("bentoml", "BentoML, the body is the file", "image:Body", RAW, IMAGE),
        bentoml("bentoml-form", "BentoML, a form with the file", "image:Form", FORM, IMAGE),
        mlserver("mlserver", "MLServer, base64 in v2", models=IMAGE, runtime="image.Image"),
    ]


def _fastapi(key: str, title: str, variant: str) -> System:
    return asgi(
        key, title, "FastAPI", "fastapi", "image:app", variant=variant, models=IMAGE, route=RAW
    )


def _ours(key: str, title: str, route: Format, more: dict[str, str] | None = None) -> System:
    variables = {"MODEL__ARTIFACT__URI": "file:{artifact}", **(more or {})}
    return ours(key, title, FEATURES, "INFO", route, models=IMAGE, more=variables)
