"""Types of rows, as MLflow logs them and as classes declare them."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from ..results import Classification

ANY, LABEL, NUMBER = "any", "label", "number"
# Types of MLflow, formats of JSON schemas, NumPy's data types without their bits.
LOGGED = {"long": "integer", "float": NUMBER, "double": NUMBER}
SCALARS = {"binary", "boolean", "datetime", "integer", NUMBER, "string"}
FORMATS = {"base64": "binary", "binary": "binary", "date": "datetime", "date-time": "datetime"}
NUMPY = {"bool": "boolean", "int": "integer", "uint": "integer", "float": NUMBER, "str": "string"}
NUMPY |= {"object": "string", "datetime": "datetime"}
LABELS = ("boolean", "integer", "string")
DEEPEST = 20  # a type that contains itself has no end


@dataclass(frozen=True)
class Array:
    """Items of one kind, as many as `length` if that is fixed."""

    item: Any
    length: int | None = None

    def __str__(self) -> str:
        """Return a text such as `number[4]`."""
        return f"{self.item}[{self.length or ''}]"


@dataclass(frozen=True)
class Record:
    """Named values, some of which may be left out."""

    fields: dict[str, Any]
    optional: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """Return a text such as `{area: number, rooms?: integer}`."""
        marks = {name: "?" if name in self.optional else "" for name in self.fields}
        return f"{{{', '.join(f'{name}{marks[name]}: {self.fields[name]}' for name in marks)}}}"


def fits(narrow: Any, wide: Any) -> bool:
    """Return whether each value of one kind is one of the other, as an integer is a number."""
    if ANY in (narrow, wide) or narrow == wide or (narrow, wide) == ("integer", NUMBER):
        return True
    if wide == LABEL:  # of a class, or the probability of each
        return narrow in LABELS or (isinstance(narrow, Array) and narrow.item == NUMBER)
    if isinstance(narrow, Array) and isinstance(wide, Array):
        same_length = None in (narrow.length, wide.length) or narrow.length == wide.length
        return same_length and fits(narrow.item, wide.item)
    if isinstance(narrow, Record) and isinstance(wide, Record):
        required, names = wide.fields.keys() - wide.optional, narrow.fields.keys()
        known = required <= names <= wide.fields.keys()
        return known and all(fits(narrow.fields[name], wide.fields[name]) for name in names)
    return any(fits(*pair) for pair in _without_name(narrow, wide))


def _without_name(narrow: Any, wide: Any) -> list[tuple[Any, Any]]:
    """Return the two with the value of a record that has only one, as a table of one column."""
    if isinstance(narrow, Record) and len(narrow.fields) == 1:
        return [(*narrow.fields.values(), wide)]
    if isinstance(wide, Record) and len(wide.fields) == 1:
        return [(narrow, *wide.fields.values())]
    return []


def declared_kind(declared: Any, mode: JsonSchemaMode) -> Any:
    """Return the kind of a declared type, with the names that its fields have in JSON."""
    if isinstance(declared, type) and issubclass(declared, Classification):
        return LABEL
    schema = TypeAdapter(declared).json_schema(mode=mode)
    return _of_schema(schema, schema.get("$defs", {}), 0)


def _of_schema(schema: Any, defs: dict[str, Any], depth: int) -> Any:
    def inner(schema: Any) -> Any:
        return _of_schema(schema, defs, depth + 1) if depth < DEEPEST else ANY

    if "$ref" in schema:
        return inner(defs[schema["$ref"].rpartition("/")[2]])
    if options := [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]:
        kinds = [*map(inner, options)]
        return kinds[0] if all(kind == kinds[0] for kind in kinds) else ANY
    kind = schema.get("type", ANY)
    if kind == "array":
        least, most = schema.get("minItems"), schema.get("maxItems")
        return Array(inner(schema.get("items") or {}), least if least == most else None)
    if kind == "object" and (fields := schema.get("properties")):
        optional = frozenset(fields) - {*schema.get("required", ())}
        return Record({name: inner(field) for name, field in fields.items()}, optional)
    kind = FORMATS.get(schema.get("format"), kind)
    return kind if kind in SCALARS else ANY


def logged_kind(entries: list[Any]) -> Any:
    """Return the kind of a row, for the columns or tensors of a logged signature."""
    if all("name" in entry for entry in entries):
        optional = frozenset(e["name"] for e in entries if e.get("required") is False)
        return Record({entry["name"]: _of_logged(entry) for entry in entries}, optional)
    kinds = [*map(_of_logged, entries)]
    alike = all(kind == kinds[0] for kind in kinds)
    return kinds[0] if len(kinds) == 1 else Array(kinds[0] if alike else ANY, len(kinds))


def _of_logged(entry: Any) -> Any:
    kind = LOGGED.get(entry["type"], entry["type"])
    if kind == "tensor":
        tensor = entry["tensor-spec"]
        kind = NUMPY.get(re.split(r"\d", tensor["dtype"])[0], ANY)
        for length in reversed(tensor["shape"][1:]):  # the first is the number of rows
            kind = Array(kind, length if length > 0 else None)
    if kind == "array":
        return Array(_of_logged(entry["items"]))
    if kind == "object":
        return logged_kind([{**e, "name": name} for name, e in entry["properties"].items()])
    return kind if kind in SCALARS or isinstance(kind, Array) else ANY
