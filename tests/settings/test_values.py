"""Every setting with values of all kinds: read as intended, or rejected by name and place."""

import json
import re

import pytest

# Meaning of each text as a number or a truth value, however a layer reads it; None is rejected.
NUMBERS = {
    "7": 7, "+7": 7, "007": 7, "7.0": 7, "1_000": 1000,
    "30s": None, "30 s": None, "1:30": None, "7,5": None, "1e400": None, "nan": None, "inf": None,
    ".inf": None, "true": None, "yes": None, "off": None, "null": None, "ten": None, "[7]": None,
    "{a: 7}": None, "-7": None,
}  # fmt: skip
TRUTHS = {
    "true": True, "yes": True, "on": True, "1": True, "False": False, "no": False, "OFF": False,
    "0": False, "2": None, "enabled": None, "null": None, "[true]": None, "1.5": None,
}  # fmt: skip
RIGHT = {
    "api_host": ["127.0.0.1", "::1", "localhost"],
    "environment": ["test", "production"],
    "log_level": ["debug", "Info", "CRITICAL"],
    "log_format": ["json"],
    "repository.control": ["explicit"],
    "root_path": ["/a", "/models/fraud-2", "/~me/a.b", "/a%20b"],
    "trusted_proxies": ["*", "10.0.0.7", "10.0.0.7, 10.1.0.0/16", "::1", "fd00::/8"],
    "cors_origins": [
        "*", "null", "https://a.example", "http://localhost:3000", "https://a.example:8443",
        "https://a.example, http://127.0.0.1:8080,http://[::1]:3000", "capacitor://localhost",
    ],
    "model.implementation": ["a.b:C"],
    "model.name": ["a", "A-1_b.c"],
    "model.version": ["1.0.0", "2024-01-01a", "1.0+b"],
    "service.request_headers": ["traceparent", "X-A, x-b"],
    "playground.stylesheet": ["a.css"],
}  # fmt: skip
WRONG = {
    "environment": ["prod", "Production", "[test]"],
    "log_level": ["LOUD", "WARN", "10"],
    "log_format": ["JSON", "xml"],
    "repository.control": ["poll", "EXPLICIT"],
    "root_path": ["a", "/", "/a/", "//a.example", "/a//b", "/a?b", "/a b", "/\xe9", "/.", "/a/.."],
    "trusted_proxies": [
        "proxy.local", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.1:80", "*,10.0.0.1", "10.0.0.*",
        "10.0.0.1 10.0.0.2", "10.0.0.1,", "localhost",
    ],
    "cors_origins": [
        '["https://a.example"]', "https://a.example/", "https://a.example/app", "a.example",
        "https://A.example", "HTTPS://a.example", "*,https://a.example", "https://*.a.example",
        "https://a.example:443", "http://a.example:80", "https://a.example;https://b.example",
        "https://a.example https://b.example", "https://a.example,", "//a.example", "https://",
        "https://a.example,https://b.example/", "https://u:p@a.example", "https://\xe9.example",
        "'https://a.example'x",
    ],
    "model.implementation": ["dummy_model", "dummy_model.DummyModel", "a/b:C", ":C", "a:"],
    "model.name": ["a/b", "a b", ".", "..", "a?b", "a#b", "a%2fb", "\xe9", "a" * 65],
    "model.version": ["a/b", "1 0", ".", "..", "a" * 65],
    "service.request_headers": ["x:y", "a b", "x-a,", "\xe9"],
    "playground.stylesheet": ["a.scss", "a"],
}  # fmt: skip
ADVICE = [
    ("service.timeout", "30s", "write it alone, such as 30"),
    ("log_inputs", "maybe", "write it alone, such as true"),
    ("model.version", "1.0", "put it in quotes"),
    ("model.name", "no", "put it in quotes"),
    ("model.version", "2024-01-01", "put it in quotes"),
    ("cors_origins", "[https://a.example/]", "such as https://app.example.com"),
    ("trusted_proxies", "proxy.local", "such as 10.0.0.7,10.1.0.0/16"),
    ("root_path", "/a/", "such as `/models/fraud`"),
]


def variable(name):
    return name.replace(".", "__").upper()


def in_yaml(name, text):
    section, _, inner = name.rpartition(".")
    return f"{section}:\n  {inner}: {text}\n" if section else f"{inner}: {text}\n"


def cases_of(name, text, *, quoted):
    """Return the same value in each layer, with the beginning of a message about it."""
    latin = text.encode().decode("latin-1")
    line = "2:3" if "." in name else "1:1"
    there = json.dumps(latin, ensure_ascii=False) if quoted else latin
    yield {"yaml": in_yaml(name, there)}, rf"\S*config.yaml:{line}: {name}(\.\d+)?: "
    yield {"variables": {variable(name): text}}, f"environment {variable(name)}: {name}: "
    if "'" not in text:
        yield {"env": f"{variable(name)}={latin}\n"}, rf"\.env:1 {variable(name)}: {name}: "


def find(settings, name):
    for part in name.split("."):
        settings = settings[part]
    return settings


def sweep(load, table, *, quoted=False):
    """Load each value of each setting in each layer; return those with a wrong outcome."""
    cases = [
        (name, text, meant, case, place)
        for name, values in table.items()
        for text, meant in values.items()
        for case, place in cases_of(name, text, quoted=quoted)
    ]
    outcomes = load(*(case for *_, case, _ in cases))
    wrong = []
    for (name, text, meant, case, place), outcome in zip(cases, outcomes, strict=True):
        if "settings" in outcome:
            value = find(outcome["settings"], name)
            fits = meant is not None and (value == meant or meant == "any")
        else:
            message = outcome.get("error", "")
            fits = meant is None and re.match(rf"Configuration error:\n  {place}\S", message)
        if not fits:
            wrong.append((case, name, text, outcome))
    return wrong


@pytest.fixture(scope="module")
def defaults(load):
    """Return every setting of the project with its default."""
    (outcome,) = load({})
    found = {}
    for name, value in outcome["settings"].items():
        inner = value.items() if isinstance(value, dict) else ()
        found |= {f"{name}.{key}": part for key, part in inner} or {name: value}
    return found


def named(table, defaults, meant):
    return {name: dict.fromkeys(texts, meant) for name, texts in table.items() if name in defaults}


def test_numbers_are_read_alike_in_every_layer_or_refused(load, defaults):
    numbers = [n for n, value in defaults.items() if type(value) in {int, float}]
    small = {"hardening.max_header_bytes", "hardening.max_held_bytes", "service.max_retries"}
    table = {
        name: {t: m for t, m in NUMBERS.items() if m is None or (m == 7 and name not in small)}
        for name in numbers
    }
    table["api_port"] = NUMBERS
    assert len(numbers) >= 6
    assert sweep(load, table) == []


def test_truth_values_are_read_alike_in_every_layer_or_refused(load, defaults):
    truths = [name for name, value in defaults.items() if isinstance(value, bool)]
    assert len(truths) >= 3
    assert sweep(load, dict.fromkeys(truths, TRUTHS)) == []


def test_texts_that_cannot_work_are_refused(load, defaults):
    assert sweep(load, named(WRONG, defaults, None), quoted=True) == []


def test_texts_that_can_work_are_taken(load, defaults):
    assert sweep(load, named(RIGHT, defaults, "any"), quoted=True) == []


def test_every_text_is_tried(defaults):
    texts = {name for name, value in defaults.items() if isinstance(value, str | list | None)}
    assert texts <= RIGHT.keys()


def test_message_says_what_to_write(load):
    outcomes = load(*({"yaml": in_yaml(name, text)} for name, text, _ in ADVICE))
    for (name, text, advice), outcome in zip(ADVICE, outcomes, strict=True):
        assert advice in outcome.get("error", ""), (name, text, outcome)


def test_values_are_never_shown(load):
    names = [*WRONG, "api_port", "debug", "service.timeout", "model.nam"]
    cases = [case for n in names for case, _ in cases_of(n, "s3cr3t/ ?", quoted=True)]
    for outcome in load(*cases, {"env": "s3cr3t\n"}, {"env": 'A="s3cr3t\n'}, {"env": "s3cr3t\xff"}):
        assert "s3cr3t" not in outcome.get("error", "")
        assert "crash" not in outcome
