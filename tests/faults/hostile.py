"""Bodies of a hostile or broken client; each with the row of the fault table."""

import gzip
import json

MEGABYTE = 1_000_000


def wrapped(value: bytes) -> bytes:
    return b'{"input":' + value + b',"inputs":[' + value + b"]}"


def inside(value: bytes) -> dict[str, bytes]:
    """Return a value alone, as the input, in a list, and as the second item of a batch."""
    return {
        "": value,
        " as input": b'{"input":' + value + b"}",
        " in a list": b'{"input":[1.5,' + value + b"]}",
        " in a batch": b'{"inputs":["a",' + value + b"]}",
    }


def _kinds(row: int, values: dict[str, bytes]) -> dict[str, tuple[int, bytes]]:
    return {
        f"{name}{place}": (row, body)
        for name, value in values.items()
        for place, body in inside(value).items()
    }


def filled(unit: bytes, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    """Return a megabyte of one unit, repeated in brackets."""
    return opening + b",".join([unit] * (MEGABYTE // (len(unit) + 1))) + closing


def _names() -> bytes:
    return json.dumps({f"{number:x}": 1 for number in range(90_000)}).encode()


WHOLE = {
    "nothing": (1, b""),
    "white space": (1, b" \n\t "),
    "a NUL": (1, b"\0"),
    "no JSON": (1, b"input=good"),
    "half an object": (1, b'{"input":'),
    "half a string": (1, b'{"input":"goo'),
    "half an escape": (1, b'{"input":"\\u00'),
    "two objects": (1, b'{"input":"a"}{"input":"b"}'),
    "a comma too many": (1, b'{"input":"a",}'),
    "single quotes": (1, b"{'input':'a'}"),
    "a comment": (1, b'{"input":"a"/* b */}'),
    "a byte order mark": (1, b"\xef\xbb\xbf" + wrapped(b'"a"')),
    "UTF-16": (1, wrapped(b'"a"').decode().encode("utf-16")),
    "UTF-32": (1, wrapped(b'"a"').decode().encode("utf-32")),
    "a control character": (1, b'{"input":"a\x01b"}'),
    "gzip without saying so": (1, gzip.compress(wrapped(b'"a"'))),
    "a pickle": (1, b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07posix.X\x94."),
    "XML": (1, b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
    "an unknown field": (6, b'{"input":"a","inputs":["a"],"more":1}'),
    "a field of another name": (6, b'{"imput":"a"}'),
    "the field twice": (6, b'{"input":1,"input":null,"inputs":1,"inputs":null}'),
    "__proto__": (6, b'{"__proto__":{"input":"a"},"constructor":1}'),
    "a name of a megabyte": (6, b'{"' + b"n" * MEGABYTE + b'":1}'),
    "a megabyte of names": (6, _names()),
    "a batch of a million": (7, b'{"inputs":' + filled(b"1") + b"}"),
    "arrays 100 000 deep": (5, b"[" * 100_000),
    "closed arrays 100 000 deep": (5, b"[" * 100_000 + b"]" * 100_000),
    "objects 100 000 deep": (5, b'{"input":' * 100_000),
    "arrays 190 deep": (5, wrapped(b"[" * 190 + b"]" * 190)),
    "a megabyte of wrong items": (7, b'{"input":' + filled(b'"x"') + b"}"),
    "a megabyte of objects": (7, b'{"input":' + filled(b"{}") + b"}"),
    "a megabyte of empty arrays": (7, b'{"input":' + filled(b"[]") + b"}"),
    "a megabyte of null in a batch": (7, b'{"inputs":' + filled(b"null") + b"}"),
    "a megabyte of arrays in a batch": (7, b'{"inputs":[' + filled(b"{}") + b"]}"),
    "a megabyte of escapes": (7, b'{"inputs":1,"input":"' + b"\\u0000" * 166_000 + b'"}'),
    "a megabyte of invalid UTF-8": (2, b'{"input":"' + b"\xff" * MEGABYTE + b'"}'),
    "a wrong item after a megabyte": (7, b'{"input":' + filled(b"1", closing=b',"x"]') + b"}"),
    "a million digits": (4, b'{"input":[' + b"9" * MEGABYTE + b"]}"),
    "half a number of a megabyte": (4, b'{"input":1.' + b"0" * MEGABYTE + b"e}"),
}

PARTS = {
    **_kinds(2, {
        "an invalid byte": b'"\xff"',
        "half a character": b'"\xc3"',
        "an overlong slash": b'"\xc0\xaf"',
        "a lone surrogate": b'"\\ud800"',
        "surrogates in the wrong order": b'"\\udc00\\ud800"',
        "a surrogate in raw bytes": b'"\xed\xa0\x80"',
    }),
    **_kinds(3, {"NaN": b"NaN", "Infinity": b"-Infinity", "1e400": b"1e400", "nan": b"nan"}),
    **_kinds(4, {"5 000 digits": b"7" * 5000, "-5 000 digits": b"-" + b"7" * 5000}),
    **_kinds(6, {"true": b"true", "an object": b"{}", "null": b"null", "[[]]": b"[[]]"}),
}  # fmt: skip

BODIES = WHOLE | PARTS
