"""The words of what is rendered, of pages and of this repository's code, rule by rule."""

import re
from fnmatch import fnmatch
from typing import NamedTuple

import pytest

from tests.support.repository import tracked
from tools.managers import ROOT

SOURCE = ("template/{{ package_path }}/*", "template/{{ launcher_dir }}/*")
SCRIPTS = ("template/scripts/*",)
PAGES = (
    *("README.md", "CONTRIBUTING.md", "copier.yml", "questions/*.yml", "docs/*.md"),
    *("template/*.jinja", "template/configs/*", "template/.github/*"),
)
# This repository's own code; of the tests, only how docstrings begin.
CODE = ("tools/*.py", "benchmarks/*.py", "docs/*.py", "conformance/src/*.py")
TESTS = ("tests/*.py",)
# Dated entries, figures, and the sentences of the conformance suite stay as they were written.
EXCLUDED = (
    *("docs/decisions/*", "docs/benchmarks/*", "docs/reference/open-inference-statements.md"),
    *("template/tests/*", "*.html"),
    "tests/repository/test_language.py",  # has the phrases
)
CHANGELOG = "CHANGELOG.md"  # only what is not released yet
EVERYWHERE = (*SOURCE, *SCRIPTS, *PAGES, CHANGELOG, *CODE)


class Rule(NamedTuple):
    """A phrase to avoid, and what to write instead."""

    pattern: str
    instead: str
    bad: str
    good: str
    places: tuple[str, ...] = EVERYWHERE


RULES = (
    Rule(
        r'"""(Gives?|Tells?|Says?)\b',
        "Return, Yield or Check at the start of a docstring",
        '"""Give the bytes."""',
        '"""Return the bytes."""',
        (*EVERYWHERE, *TESTS),
    ),
    Rule(
        r'"""(What|Who|Whose)\b',
        "a noun phrase or an imperative verb at the start of a docstring",
        '"""What is told that it takes long."""',
        '"""A request that takes long."""',
        (*EVERYWHERE, *TESTS),
    ),
    Rule(
        r'"""(Where|Which|How|As|Those|When|Why)\b',
        "a noun phrase in place of a clause at the start of a docstring",
        '"""How many processors there are."""',
        '"""The number of processors."""',
    ),
    Rule(
        r"\b(say|says|said)( it)? so\b|\bso \w+ says\b|\b(is|are|was|were) told to\b",
        "reports it, declares; requested",
        "the doctor says so",
        "the doctor reports it",
    ),
    Rule(
        r"\bas [^.,:;\"]{1,40}\bsays?\b",
        "by, or as it requires",
        "upright as its EXIF data says",
        "upright by its EXIF data",
    ),
    Rule(
        r"\b(has|have) no more\b|\b(of )?one's own\b|\bthat whoever\b",
        "no longer has; your own, or that a user adds",
        "a file that the template has no more",
        "a file that the template no longer has",
    ),
    Rule(r"\bshort way\b", "fast path", "the short way", "a shortcut of the way"),
    Rule(r"\brefus(e|es|ed|al|ing)\b", "reject, or fail", "It refuses NaN.", "It rejects NaN."),
    Rule(r"\bmistakes?\b", "error", "the first mistake", "the first error"),
    Rule(
        r"(?<![Tt]here )\b(is|are) no (?!longer\b|more\b)",
        "is not, or is invalid",
        "text that is no JSON",
        "there is no JSON",
    ),
    Rule(
        r"\b(say|says|said) of\b",
        "its metadata, or declares",
        "what a tensor says of itself",
        "what a tensor declares",
    ),
    Rule(
        r"\b(an|the|its|each|every|one|two|further) answers?\b",
        "response",
        "the headers of the answer",
        "answers of Copier",
        (*SOURCE, "tools/*.py", "benchmarks/*.py", "conformance/src/*.py"),
    ),
    Rule(
        r"\banswer(s|ed)? [1-5]\d\d\b", "is 413, or is rejected with 413", "answered 413", "is 413"
    ),
    Rule(
        r"\b(client|caller)s?( that| who)? ((has |have )?left|leaves?)\b|\bclient's leave\b",
        "disconnect",
        "the client leaves",
        "the client disconnects",
    ),
    Rule(
        r"\b(turn|place)s? at the model\b|\b(its|their) turns?\b",
        "slot",
        "wait for their turn",
        "wait for a slot",
    ),
    Rule(r"\bfor ever\b|\bwithout a word\b", "forever; silently", "0 for ever", "forever"),
    Rule(r"\bheed(s|ed)?\b|\basked for twice\b", "use; requested", "heeds it", "uses it"),
    Rule(
        r"\bstands? (here|there|in|on|below|beside|behind)\b",
        "is in, is below",
        "it stands in the file",
        "it is in the file",
    ),
    Rule(
        r"\b(hold|holds|held) (it|them|any server|the result|what [^.]+) (to|against)\b",
        "check against",
        "holds it to that",
        "checks it against that",
    ),
)


def texts():
    """Return the text of each file by its name."""
    return {name: (ROOT / name).read_text("utf-8") for name in tracked() if in_scope(name)}


def in_scope(name):
    return (
        matches(name, (*EVERYWHERE, *TESTS))
        and not matches(name, EXCLUDED)
        and (ROOT / name).is_file()
    )


def matches(name, places):
    return any(fnmatch(name, place) for place in places)


def findings(files):
    """Return each line that breaks a rule, with what to write instead."""
    return [
        f"{name}:{number}: {phrase[0]!r}: write {rule.instead}"
        for name, text in files.items()
        for number, line in enumerate(_current(name, text).split("\n"), 1)
        for rule in RULES
        if matches(name, rule.places) and (phrase := re.search(rule.pattern, line))
    ]


def test_words_are_those_of_the_field():
    assert findings(texts()) == []


def _current(name, text):
    """Return a text; of the changelog, the unreleased section without quotes of old messages."""
    if name != CHANGELOG:
        return text
    text = re.split(r"^## \d", text, maxsplit=1, flags=re.MULTILINE)[0]
    return re.sub(r'"[^"]*"', lambda quote: "\n" * quote[0].count("\n"), text)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.instead)
def test_rule_finds_its_phrase_and_nothing_else(rule):
    place = rule.places[0].replace("*", "module.py")
    assert len(findings({place: rule.bad})) == 1
    assert findings({place: rule.good}) == []


def test_quotes_and_released_sections_of_the_changelog_stay():
    text = '# Changelog\n\n## Unreleased\n\n"it\nrefuses"\n\nrefuses\n\n## 0.4.1\n\nrefuses\n'
    assert [finding.split(": ")[0] for finding in findings({CHANGELOG: text})] == ["CHANGELOG.md:8"]
