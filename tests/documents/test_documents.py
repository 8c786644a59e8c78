"""Whatever the annotations of `predict`, documents, metadata and responses agree."""

import json

import pytest

from .cases import sources
from .checks import ROUTES, check_all

SOURCES = sources()
REFUSED = {
    "arbitrary class",
    "bytearray",
    "callable",
    "class of a type without schema",
    "custom instance schema",
    "no core schema",
    "undefined forward reference",
}
UNSERVABLE = {"type"}  # JSON has none of its values
WITHOUT_EXAMPLE = {  # none is declared, or no accepted JSON contains it
    "alias choices",
    "alias path",
    "forward reference that is rebuilt later",
    "mapping of tuples",
    "none",
    "optional none",
    "secret number",
}
WITHOUT_TENSORS = {"empty list", "partial typed dict", "ragged"} | WITHOUT_EXAMPLE


@pytest.mark.parametrize("name", sorted(SOURCES.keys() - REFUSED - UNSERVABLE))
def test_documents_and_responses_of_a_type_agree(serve, name):
    result = serve(SOURCES[name])
    check_all(result)
    paths = set() if name in WITHOUT_EXAMPLE else {*ROUTES}
    if name not in WITHOUT_TENSORS:
        paths.add("/v2/models/echo/infer")
    assert paths <= result["answers"].keys()


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_type_that_json_cannot_represent_is_refused_at_the_start(serve, name):
    result = serve(SOURCES[name])
    first, told, *more = result["refused"].splitlines()
    assert first == "Configuration error:"
    assert "Pydantic cannot validate a type of predict as JSON: " in told
    assert not more


@pytest.mark.parametrize("name", sorted(UNSERVABLE))
def test_result_that_json_cannot_represent_ends_the_start(serve, name):
    failures = serve(SOURCES[name])["failures"]
    assert any("Echo.predict is declared to return" in f and "not JSON" in f for f in failures)


@pytest.mark.parametrize("source", ["T = Callable[[], int]", "class Own: pass\nT = Own"])
def test_chunk_that_json_cannot_represent_is_refused_at_the_start(serve, source):
    head = SOURCES["text"].partition("\nT = ")[0]
    result = serve(f"{head}\n{source}\nO = T\nT = str\nexample = 'a'")
    assert "Pydantic cannot validate a type of predict as JSON: " in result["refused"]


@pytest.mark.parametrize(
    "features", [[], ["open_inference"], ["hardening"], ["metrics", "playground"], None]
)
def test_pages_show_predict_first_then_health_then_the_protocol(render, tool, features):
    """Pages show the tags of the document first, in their order; then those of the paths."""
    project = render(**({} if features is None else {"features": features}))
    code = "import json; from src.main import app; print(json.dumps(app.openapi()))"
    document = json.loads(tool(project, "python", "-c", code).splitlines()[-1])
    operations = [o for path in document["paths"].values() for o in path.values()]
    tags = [tag["name"] for tag in document["tags"]] + [o["tags"][0] for o in operations]
    expected = ["predict", "health"]
    expected += ["models"] if features is None else []
    expected += (
        ["Open Inference Protocol"] if features is None or "open_inference" in features else []
    )
    assert list(dict.fromkeys(tags)) == expected
