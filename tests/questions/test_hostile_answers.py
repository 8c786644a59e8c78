"""Free text: rejected with a sentence, or rendered into files that parse and contain exactly it."""

import tomllib

import pytest
import yaml

CARRIED_BY_DESCRIPTION = [
    'double "quotes"',
    "single 'quotes'",
    "both \"'\"'",
    '"""triple"""',
    "'''triple'''",
    "back\\slash",
    "trailing backslash\\",
    "\\u0041 \\n \\x41 \\",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "{# comment #}",
    "{{ _copier_conf }}",
    "%}{% endraw %}",
    "# a heading or a comment",
    "key: value",
    "- item",
    "--- # document",
    "[table]",
    "<script>alert(1)</script>",
    "<!-- comment -->",
    "$HOME ${HOME} $(id) `id`",
    "; rm -rf ~ && true | cat",
    "%s %d %(name)s {0} {name}",
    "pipe | and * _ ~ ` markdown",
    "null",
    "true",
    "1e400",
    "0x10",
    "@at &anchor *alias !tag",
    "emoji 🚀 and 👩‍🔬",
    "Übergröße naïve 日本語 العربية",
    "right\u202eto left",
    "no\u00a0break space",
    "zero\u200bwidth",
    "\U0010ffff last code point",
    "é (decomposed e\u0301)",
    "../../etc/passwd",
    "C:\\Windows\\System32",
    "a" * 100,
]
REFUSED_EVERYWHERE = [
    " ",
    "two\nlines",
    "carriage\rreturn",
    "tab\there",
    "nul\0",
    "escape\x1b[31m",
    "delete\x7f",
    "next line\x85",
    "line\u2028separator",
    "paragraph\u2029separator",
    "\ufeffbyte order mark",
    "non-character \uffff",
    "surrogate \ud800",
    " leading",
    "trailing ",
    "x" * 5000,
]
HOSTILE = CARRIED_BY_DESCRIPTION + REFUSED_EVERYWHERE
WHERE = {
    "description": lambda project: project["description"],
    "author_name": lambda project: project["authors"][0]["name"],
    "author_email": lambda project: project["authors"][0]["email"],
}


def test_there_are_enough_of_them():
    assert len(CARRIED_BY_DESCRIPTION) >= 30
    assert len(REFUSED_EVERYWHERE) >= 10


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("question", WHERE)
def test_text_is_refused_with_a_sentence_or_carried_exactly(render, question, text):
    try:
        project = render(**{question: text})
    except ValueError as refusal:
        assert text in REFUSED_EVERYWHERE or question != "description"
        sentence = str(refusal).partition(": ")[2]
        assert sentence[0].isupper()
        assert len(sentence.split()) >= 4
        return
    assert text not in REFUSED_EVERYWHERE
    pyproject = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    assert WHERE[question](pyproject) == text
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text("utf-8"))
    assert answers[question] == text
    for file in project.rglob("*.y*ml"):
        yaml.safe_load(file.read_text("utf-8"))
    for file in project.rglob("*.py"):
        compile(file.read_text("utf-8"), file, "exec")
    if question == "description":
        assert text in (project / "README.md").read_text("utf-8")
