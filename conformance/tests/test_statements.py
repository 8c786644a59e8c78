"""Every statement has a test, and every test a statement."""

import hashlib
import re
from collections import Counter

import yaml

from open_inference_conformance.cli import SUITE
from open_inference_conformance.statements import FILE, LEVELS, load

DIGEST = "719644d1cec52d1c98268ee16f3b75d6de7f523c6686463cbf06bf79134edbb2"
STATEMENTS = load()
MARKERS = Counter(
    name
    for file in SUITE.glob("test_*.py")
    for name in re.findall(r'mark\.statement\("([\w-]+)"\)', file.read_text("utf-8"))
)


def test_list_and_markers_are_the_same():
    assert MARKERS.keys() == STATEMENTS.keys()


def test_every_test_has_a_statement():
    for file in SUITE.glob("test_*.py"):
        text = file.read_text("utf-8")
        tests = len(re.findall(r"^def test_", text, re.MULTILINE))
        assert text.count("mark.statement(") == tests, file


def test_no_statement_stands_twice():
    listed = yaml.safe_load(FILE.read_text("utf-8"))
    assert len(listed) == len(STATEMENTS)


def test_levels_are_those_that_are_explained():
    assert {statement.level for statement in STATEMENTS.values()} == {*LEVELS}


def test_document_of_the_protocol_is_as_it_was_published():
    content = (SUITE / "open_inference_rest.yaml").read_bytes()
    assert hashlib.sha256(content).hexdigest() == DIGEST
    assert b"Licensed under the Apache License, Version 2.0" in content[:300]
