"""Checks of a document against the responses of the service that it describes."""

import json
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "trace"}
ROUTES = ("/predict", "/predict/batch", "/predict/stream")
INFER = "/v2/models/echo/infer"
# References, and what FastAPI and Pydantic call bytes whose encoding a class chooses.
UNCOMPARED = {"$ref", "$defs", "discriminator", "format", "contentMediaType", "contentEncoding"}


def check_document(document: dict[str, Any]) -> None:
    """Check OpenAPI 3.1's demands: unique operations, valid schemas, references that resolve."""
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert {"title", "version"} <= document["info"].keys()
    json.dumps(document, allow_nan=False)
    operations = list(_operations(document))
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids), "operationIds repeat"
    for operation in operations:
        assert operation["responses"], operation["operationId"]
        for response in operation["responses"].values():
            assert isinstance(response["description"], str)
    for schema in schemas(document):
        Draft202012Validator.check_schema(schema)
        check_discriminator(schema)
    for reference in references(document):
        resolve(document, reference)
    names = document.get("components", {}).get("schemas", {})
    assert all(re.fullmatch(r"[a-zA-Z0-9._-]+", name) for name in names), names.keys()


def check_discriminator(part: Any) -> None:
    for found in _walk(part):
        mapping = found.get("discriminator", {}).get("mapping", {}) if "oneOf" in found else {}
        assert all(isinstance(name, str) for name in mapping.values()), mapping


def schemas(document: dict[str, Any]) -> Iterator[Any]:
    """Return all schemas of a document: components, bodies, responses, parameters."""
    yield from document.get("components", {}).get("schemas", {}).values()
    for operation in _operations(document):
        yield from (parameter["schema"] for parameter in operation.get("parameters", ()))
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for media in (media for body in bodies for media in body.get("content", {}).values()):
            assert media.keys() <= {"schema", "example", "examples", "encoding"}, media.keys()
            if "schema" in media:
                yield media["schema"]


def references(part: Any) -> Iterator[str]:
    for found in _walk(part):
        if isinstance(found.get("$ref"), str):
            yield found["$ref"]
        mapping = found.get("discriminator") if "oneOf" in found else None
        if isinstance(mapping, dict):
            yield from mapping.get("mapping", {}).values()


def resolve(document: Any, reference: str) -> Any:
    assert reference.startswith("#/"), reference
    found = document
    for name in reference[2:].split("/"):
        found = found[name.replace("~1", "/").replace("~0", "~")]
    return found


def inline(schema: Any, whole: Any, within: tuple[str, ...] = ()) -> Any:
    """Return a schema without references and titles of classes, to compare it with another."""
    if isinstance(schema, list):
        return [inline(item, whole, within) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    rest = {
        key: inline(value, whole, within)
        for key, value in schema.items()
        if key not in UNCOMPARED and (key, value) != ("default", None)
    }
    if not isinstance(reference, str):
        return rest
    if reference in within:
        return {"again": True} | rest
    return inline(resolve(whole, reference), whole, (*within, reference)) | rest


def check_info(document: Any, info: Any) -> None:
    """Check that `/info` has the schemas of the document."""
    (model,) = info["models"]
    Draft202012Validator.check_schema(model["inputs"])
    Draft202012Validator.check_schema(model["outputs"])
    request = _body_schema(document, "/predict")
    answer = inline(_response_schema(document, "/predict"), document)
    for told, documented in (
        (model["inputs"], request["properties"]["input"]),
        (model["outputs"], answer["properties"]["prediction"]),
    ):
        left, right = inline(told, told), {**documented}
        assert _same(left, right), (left, right)


def _same(told: Any, documented: Any) -> bool:
    """Compare, apart from what a field adds to its type: a title, the example."""
    added = {"title", "examples", "description"}
    return {k: v for k, v in told.items() if k not in added} == {
        k: v for k, v in documented.items() if k not in added
    }


def check_answer(document: Any, path: str, status: int, kind: str, content: str) -> Any:
    """Check that the document describes a response; return its body."""
    responses = document["paths"][path]["post"]["responses"]
    assert status == 200, (path, status, content)
    media = kind.partition(";")[0]
    schema = responses[str(status)]["content"][media]["schema"]
    if media == "text/event-stream":
        return [_check_event(document, schema, event) for event in content.split("\n\n")[:-1]]
    answer = json.loads(content)
    validate(document, schema, answer)
    return answer


def _check_event(document: Any, schema: Any, event: str) -> Any:
    data = event.removeprefix("data: ")
    validate(document, schema, {"data": data})
    answer = json.loads(data)
    validate(document, schema["properties"]["data"]["contentSchema"], answer)
    return answer


def validate(document: Any, schema: Any, value: Any) -> None:
    registry = Registry().with_resource("urn:openapi", Resource(document, DRAFT202012))
    absolute = json.loads(json.dumps(schema).replace('"#/components/', '"urn:openapi#/components/'))
    whole = json.loads(json.dumps(document).replace('"#/components/', '"urn:openapi#/components/'))
    registry = Registry().with_resource("urn:openapi", Resource(whole, DRAFT202012))
    Draft202012Validator(absolute, registry=registry).validate(value)


def check_tensors(document: Any, metadata: Any, answers: Any) -> None:
    """Check that `infer` takes and returns the tensors of the metadata, with the same values."""
    if INFER not in answers:
        return
    sent = document["paths"][INFER]["post"]["requestBody"]["content"]["application/json"]
    inputs = {tensor["name"]: tensor for tensor in metadata["inputs"]}
    for tensor in sent["example"]["inputs"]:
        assert tensor["datatype"] == inputs[tensor["name"]]["datatype"]
    answer = check_answer(document, INFER, *answers[INFER])
    outputs = {tensor["name"]: tensor for tensor in metadata["outputs"]}
    prediction = json.loads(answers["/predict"][2])["prediction"]
    for tensor in answer["outputs"]:
        told = outputs[tensor["name"]]
        assert tensor["datatype"] == told["datatype"]
        assert len(tensor["shape"]) == len(told["shape"])
        fields = prediction if isinstance(prediction, dict) else {}
        values = [fields.get(tensor["name"], prediction)]
        if outputs.keys() == {"prediction"}:  # a whole is named so, and so may be its field
            values.append(prediction)
        data = tensor["data"]
        if (told.get("parameters") or {}).get("content_type") == "application/json":
            assert json.loads(data[0]) in values
        else:
            assert data in map(_flat, values)


def _flat(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in _flat(item)] if isinstance(value, list) else [value]


def _body_schema(document: Any, path: str) -> Any:
    content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    schema = inline(content["schema"], document)
    return next((o for o in schema.get("anyOf", ()) if "properties" in o), schema)


def _response_schema(document: Any, path: str) -> Any:
    response = document["paths"][path]["post"]["responses"]["200"]
    return response["content"]["application/json"]["schema"]


def _operations(document: Any) -> Iterator[Any]:
    for operations in document["paths"].values():
        yield from (operations[method] for method in METHODS & operations.keys())


def _walk(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
    for inner in (
        part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    ):
        yield from _walk(inner)


def check_all(result: dict[str, Any]) -> None:
    """Check all rules for a served type."""
    assert "crashed" not in result, result["crashed"]
    assert not result["refused"], result["refused"]
    assert not result["failures"], result["failures"]
    answers = result["answers"]
    for path in ("/docs", "/redoc", "/openapi.json", "/info", "/v2/models/echo", "/ready"):
        assert answers[path][0] == 200, (path, answers[path])
    document = json.loads(answers["/openapi.json"][2])
    check_document(document)
    check_info(document, json.loads(answers["/info"][2]))
    for path in {*ROUTES} & answers.keys():
        check_answer(document, path, *answers[path])
    check_tensors(document, json.loads(answers["/v2/models/echo"][2]), answers)
