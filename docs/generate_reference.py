"""Write the generated pages of the documentation from their sources; `--check` only compares."""

import ast
import re
import shutil
import sys
from collections.abc import Iterator
from difflib import unified_diff
from importlib import import_module
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from copier import run_copy

from tools.managers import ROOT
from tools.template import in_production, jinja, read_features, snapshot

PAGES = ROOT / "docs"
QUESTIONS = ROOT / "questions"
CONFORMANCE = ROOT / "conformance" / "src" / "open_inference_conformance"
SETTINGS = ROOT / "template" / "{{ package_path }}" / "config" / "settings.py.jinja"
FEATURES = [*read_features()]

TOPICS = {"1-project": "Project", "2-model": "Model", "3-features": "Features"}
TYPES = {
    "integer": "whole number",
    "boolean": "`true` or `false`",
    "array": "list",
    "object": "mapping",
}
BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "minLength": "at least {} character",
    "pattern": "matches `{}`",
}
NOTICE = "<!-- Made by docs/generate_reference.py: change the source and run it again. -->\n"
TOUR_HEAD = """# What you get

Look before you install: this is what `copier copy` renders with every default, and six files in
full. The preset `minimal` has fewer files in the same folders."""
TOUR_FILES = (
    ("src/models/dummy_model.py", "The model. Put yours beside it: a model needs nothing else."),
    ("tests/unit/models/test_dummy_model.py", "Its test."),
    (
        "configs/config.yaml",
        "Values that the team shares; `.env` and the environment override them.",
    ),
    ("src/parts.py", "The parts of the service, in order. Your modules need no entry here."),
    ("src/api/health.py", "Routes: each file in `api/` with a `router` is found automatically."),
    ("Makefile", "Every task in one command."),
)
NOTES = {  # of files that have no docstring
    ".copier-answers.yml": "your answers; updates need it",
    ".dockerignore": "what the image does not need",
    ".env.example": "every variable with its default",
    ".gitattributes": "line ends",
    ".github/renovate.json5": "offers releases of the template and of dependencies",
    ".github/workflows/ci.yml": "lint, types, contracts, tests, image",
    ".gitignore": "what Git leaves out",
    ".pre-commit-config.yaml": "checks before each commit",
    "CHANGELOG.md": "yours",
    "DEVELOPMENT.md": "commands, routes, settings, how to extend",
    "Dockerfile": "non-root, from the lock file",
    "MODEL_CARD.md": "yours: purpose and limits of the model",
    "Makefile": "every task in one command",
    "README.md": "yours: how to start and call the service",
    "configs/config.yaml": "values that the team shares",
    "pyproject.toml": "dependencies and tools",
    "scripts/setup_env.sh": "installs with the chosen package manager, creates .env",
    "src/api/playground.html": "the page",
}
QUESTIONS_HEAD = """# Questions

What `copier copy` asks. `--data key=value` answers a question beforehand.
Keys and choices are public: they are never renamed and never removed."""
COMPUTED_HEAD = """
## Computed

Never asked, and not to be set: they are computed from the answers above.
"""
SETTINGS_HEAD = """# Settings

Later layers take precedence: default in the code, `configs/config.yaml`, a file in `SECRETS_DIR`,
`.env`, environment variable.
In YAML, put a setting of a section into a block with the section's name: `model:`, then
`cache_size: 0`, indented.

`CONFIG_PATH` and `SECRETS_DIR` are not settings. In the environment or in `.env`, they name another
YAML file, and a folder with [files of secrets](../how-to/secrets.md).

`<model_module>` and `<model_class>` depend on the answer [`model_name`](questions.md#model_name):
`dummy_model` and `DummyModel` by default."""
STATEMENTS_HEAD = """# Statements of the Open Inference Protocol

What [the conformance suite](open-inference-conformance.md) checks, in our words, with the section
of the specification it is from and the test that holds it. `binary`, `generate` and
`model_repository` are Triton's documents of these extensions; where no document is named, it is
`inference_rest.md`.

| Statement | What it demands | Level | Source | Test |
| --- | --- | --- | --- | --- |"""
TABLE_HEAD = """
| Setting | Environment variable | Value | Default | Meaning |
| --- | --- | --- | --- | --- |"""


def tour_page() -> str:
    """Return a description of a render: its tree with a note for each file, six files in full."""
    with TemporaryDirectory() as folder:
        project = Path(folder) / "ml-service"
        template = snapshot(Path(folder) / "template")
        run_copy(str(template), project, {}, defaults=True, quiet=True)
        tree = "\n".join(["```text", "ml-service/", *_tree(project, project), "```"])
        parts = [NOTICE, TOUR_HEAD, "\n## All files\n", tree]
        for name, meaning in TOUR_FILES:
            language = {".py": "python", ".yaml": "yaml"}.get(Path(name).suffix, "make")
            text = (project / name).read_text("utf-8").strip()
            parts.append(f"\n## `{name}`\n\n{meaning}\n\n```{language}\n{text}\n```")
    return "\n".join([*parts, ""])


def _tree(folder: Path, project: Path, indent: str = "") -> Iterator[str]:
    entries = sorted(folder.iterdir(), key=lambda entry: (entry.is_file(), entry.name))
    entries = [entry for entry in entries if entry.name != "__init__.py"]
    width = max((len(entry.name) for entry in entries if entry.is_file()), default=0)
    for entry in entries:
        is_last = entry == entries[-1]
        line = f"{indent}{'└── ' if is_last else '├── '}{entry.name}"
        if entry.is_dir():
            yield f"{line}/"
            yield from _tree(entry, project, indent + ("    " if is_last else "│   "))
        else:
            yield f"{line:{len(indent) + 4 + width}}  <- {_note(entry, project)}"


def _note(file: Path, project: Path) -> str:
    name = file.relative_to(project).as_posix()
    if file.suffix != ".py":
        return NOTES[name]
    docstring = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return docstring.partition("\n")[0]


def questions_page() -> str:
    """Describe every question, in the order in which it is asked."""
    parts = [NOTICE, QUESTIONS_HEAD]
    for file, topic in TOPICS.items():
        parts.append(f"\n## {topic}")
        parts += [_question(key, spec) for key, spec in _load(file).items()]
    computed = (f"- `{key}`: `{spec['default']}`" for key, spec in _load("4-internal").items())
    return "\n".join([*parts, COMPUTED_HEAD, *computed, ""])


def settings_page() -> str:
    """Describe every setting: a table of the top level, and one of each section."""
    schema = _settings_schema()
    fields = schema["properties"]
    sections = {name: f["$ref"].split("/")[-1] for name, f in fields.items() if "$ref" in f}
    top = {name: field for name, field in fields.items() if name not in sections}
    parts = [NOTICE, SETTINGS_HEAD, "\n## Top level", TABLE_HEAD]
    parts += [_row(name, field) for name, field in top.items()]
    for section, definition in sections.items():
        parts += _section(section, definition, schema["$defs"])
    return "\n".join([*parts, ""])


def _section(name: str, definition: str, definitions: dict[str, Any]) -> Iterator[str]:
    """Return the lines about a section, and about those in it."""
    described = definitions[definition]
    yield from (f"\n## Section `{name}`\n", described["description"], TABLE_HEAD)
    fields = described["properties"]
    inner = {field: fields[field].get("$ref", "").split("/")[-1] for field in fields}
    inner = {f: k for f, k in inner.items() if definitions.get(k, {}).get("properties")}
    yield from (_row(f"{name}.{f}", fields[f]) for f in fields if f not in inner)
    for field, kind in inner.items():
        yield from _section(f"{name}.{field}", kind, definitions)


def statements_page() -> str:
    """Describe every statement of the conformance suite, in the order of the list."""
    statements = yaml.safe_load((CONFORMANCE / "statements.yml").read_text("utf-8"))
    tests = _tests_of_statements()
    rows = (
        f"| `{one['id']}` | {one['text']} | {one['level']} | {one['source']} "
        f"| {', '.join(f'`{test}`' for test in tests[one['id']])} |"
        for one in statements
    )
    return "\n".join([NOTICE, STATEMENTS_HEAD, *rows, ""])


def _tests_of_statements() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for file in sorted((CONFORMANCE / "suite").glob("test_*.py")):
        marked = r'mark\.statement\("([\w-]+)"\)\n(?:[@ )].*\n)*def (test_\w+)'
        for statement, test in re.findall(marked, file.read_text("utf-8")):
            found.setdefault(statement, []).append(f"{file.name}::{test}")
    return found


def _load(file: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((QUESTIONS / f"{file}.yml").read_text("utf-8"))
    return loaded


def _question(key: str, spec: dict[str, Any]) -> str:
    choices = spec.get("choices", [])
    if isinstance(choices, str):
        choices = yaml.safe_load(jinja().from_string(choices).render())
    labels = choices if isinstance(choices, dict) else {choice: choice for choice in choices}
    default = re.sub(r"\{% from .*?%\}\s*", "", spec["default"])
    default = default.replace("else production", f"else {in_production()}")
    lines = [f"\n### `{key}`\n", f"{spec.get('help', 'Recorded, not asked')}.\n"]
    lines.append("- Type: " + ("several of the choices" if spec.get("multiselect") else "text"))
    lines.append(f"- Default: `{default}`" if default else "- Default: empty")
    if "when" in spec:
        lines.append(f"- Asked when: `{spec['when'].strip('{} ')}`")
    if labels:
        lines.append("- Choices:\n")
    for label, value in labels.items():
        told = f": {label}".replace("`", "").replace("<", "&lt;")
        lines.append(f"    - `{value}`" + (told if label != value else ""))
    return "\n".join(lines + [f"- Rule: {rule}" for rule in _rules(spec.get("validator", ""))])


def _rules(validator: str) -> Iterator[str]:
    """Return the messages of a validator; `problem(text, limit)` is in text.jinja."""
    one_line = r"Use one line without control characters, trimmed, of at most \1 characters"
    text = re.sub(r"\{\{ problem\(\w+, (\d+)\) \}\}", one_line, validator)
    text = re.sub(r"\{\{ (\w+) \}\}(\S*)", r"`<\1>\2`", text)
    yield from filter(None, map(str.strip, re.split(r"\{%.*?%\}", text)))


def _settings_schema() -> dict[str, Any]:
    """Return Pydantic's schema of the settings of all features, with placeholders for answers."""
    answers: dict[str, Any] = {"features": FEATURES, "all_features": FEATURES}
    answers |= {n: f"<{n}>" for n in ("model_module", "model_class")}
    source = jinja().from_string(SETTINGS.read_text("utf-8")).render(answers)
    with TemporaryDirectory() as folder:
        package = Path(folder) / "rendered_config"
        shutil.copytree(SETTINGS.parent, package, ignore=shutil.ignore_patterns("*.jinja"))
        (package / "settings.py").write_text(source, "utf-8")
        sys.path.insert(0, folder)
        settings = import_module("rendered_config.settings")
        sys.path.remove(folder)
    schema = dict(settings.Settings.model_json_schema())
    served = settings.ServedModelSettings.model_json_schema()["properties"]
    names = settings.ServedModel.model_fields
    schema["$defs"]["Models"]["properties"] = {f"<name>.{name}": served[name] for name in names}
    return schema


def _row(name: str, field: dict[str, Any]) -> str:
    default = field["default"]
    field = field | next(iter(field.get("anyOf", [])), {})  # the other one is null
    choices = ", ".join(f"`{choice}`" for choice in field.get("enum", []))
    variable, meaning = name.replace(".", "__").upper(), " ".join(field["description"].split())
    if "$ref" in {*field, *chain(*field.get("patternProperties", {}).values())}:
        return f"| `{name}` | `{variable}__…` | section | empty | {meaning} |"
    kind = choices or TYPES.get(field["type"], field["type"].replace("string", "text"))
    value = ", ".join([kind, *(text.format(field[k]) for k, text in BOUNDS.items() if k in field)])
    shown = "unset" if default is None else "empty" if default in ("", [], {}) else f"`{default}`"
    shown = shown.lower() if isinstance(default, bool) else shown
    return f"| `{name}` | `{variable}` | {value} | {shown} | {meaning} |"


def main() -> int:
    """Write the pages; with `--check`, only print the differences."""
    differences: list[str] = []
    pages = {
        "what-you-get.md": tour_page(),
        "reference/questions.md": questions_page(),
        "reference/settings.md": settings_page(),
        "reference/open-inference-statements.md": statements_page(),
    }
    for name, page in pages.items():
        if "--check" in sys.argv[1:]:
            written = (PAGES / name).read_text("utf-8").splitlines()
            differences += unified_diff(written, page.splitlines(), name, "source", lineterm="")
        else:
            (PAGES / name).write_text(page, "utf-8")
    print("\n".join(differences), end="\n" if differences else "")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
