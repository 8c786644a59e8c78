"""An existing service adopts the template, by the commands of the page about it."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.update import edits
from tests.update.foreign import service
from tests.update.history import CURRENT, LAST
from tests.update.project import commit, conflicts, git
from tools.managers import ROOT, environment
from tools.service import running

PAGE = (ROOT / "docs/how-to/adopt-a-service.md").read_text("utf-8")
ADOPT, AFTERWARDS = PAGE.split("From then on")
# A command, or the text of a file, or lines for a file and the line that they go below.
STEP = re.compile(
    r"^```bash\n(?P<command>.*?)^```"
    r"|^`(?P<file>[^`\n]+)`(?:, below `(?P<marker>[^`\n]+)`)?:\n\n```\w+\n(?P<text>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
TEMPLATE = "https://example.org/copier-ml-service.git"
# The page's text about a named package, for one that is called scorer.
NAMED = {
    "mkdir -p src\n": "mkdir -p src/scorer\n",
    "src/legacy": "src/scorer/legacy",
    "src.legacy": "scorer.legacy",
    "`src/": "`src/scorer/",
    "--data service_name=scorer": "--data service_name=scorer --data layout=named_package",
}
OLD_TESTS = ("tests/integration/legacy", "tests/integration/test_legacy.py")


@pytest.fixture
def variables(tool, tmp_path):
    """Return variables that find Copier, uv and the shared environment, as if installed here."""
    commands = Path(tool(tmp_path, "python", "-c", "import sys; print(sys.executable)")).parent
    given = environment("uv")
    path = [str(commands), given["PATH"], str(Path(sys.executable).parent)]
    return given | {"PATH": ":".join(path), "RUN": "", "UV_FROZEN": "1"}


@pytest.fixture
def shell(variables):
    """Run commands in a project."""

    def run(project, command):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=project,
            env={**variables, "PYTHONPATH": str(project / "src")},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


@pytest.fixture
def perform(history, shell):
    """Perform the steps of a section of the page, with other names where they differ."""

    def perform(page, project, release, names):
        for step in STEP.finditer(_renamed(page, names)):
            if step["command"]:
                source = f"--vcs-ref {release} {history.path}"
                shell(project, step["command"].replace(TEMPLATE, source))
            elif step["marker"]:
                edits.below(project / step["file"], step["marker"], step["text"])
            else:
                (project / step["file"]).write_text(step["text"], "utf-8")

    return perform


@pytest.fixture
def foreign(tmp_path):
    project = tmp_path / "scorer"
    service.write(project)
    git(project, "init", "--quiet")
    commit(project, "Start")
    return project


@pytest.mark.parametrize(
    ("release", "names"),
    [
        pytest.param(CURRENT, {}, id="current"),
        pytest.param(
            CURRENT,
            # Nothing is installed here, so the contracts need a path that make would drop.
            NAMED | {"make check": "make lint types && PYTHONPATH=src lint-imports"},
            id="named_package",
            marks=pytest.mark.long,
        ),
        pytest.param(
            LAST,
            {"make check": "make lint contracts"},
            id="last release",
            marks=pytest.mark.long,
        ),
    ],
)
def test_adopted_service_loses_no_line_and_is_updated_as_any_other(
    history, perform, variables, tool, foreign, tmp_path, release, names
):
    head, check = ADOPT.split("## Check\n")
    # Installing is not what is tested here; .env is what the script makes besides.
    installed = {"./scripts/setup_env.sh": "cp .env.example .env"}
    perform(head, foreign, release, names)
    carry_over(foreign, release)
    perform(check, foreign, release, names | installed)
    assert git(foreign, "status", "--porcelain") == ""
    assert_adopted(foreign, tool, names)
    assert_serves_both(foreign, variables, tmp_path / "log")

    perform(AFTERWARDS, foreign, release, names)
    assert f"_commit: {history.next}" in (foreign / ".copier-answers.yml").read_text()
    assert_adopted(foreign, tool, names)
    commit(foreign, "Update")
    perform(AFTERWARDS, foreign, release, names)
    assert git(foreign, "status", "--porcelain") == "", "a second update changes nothing"


def test_page_lists_what_the_template_would_overwrite(history, shell, foreign):
    move, put_aside = ADOPT.split("## Move files that the template has too\n")
    for step in STEP.finditer(move):
        shell(foreign, step["command"])
    preview = STEP.search(put_aside)["command"]
    source = f"--vcs-ref {CURRENT} {history.path}"
    said = re.sub(r"\x1b\[\d+m", "", shell(foreign, preview.replace(TEMPLATE, source)))
    shown = re.search(r"^```text\n(.*?)^```", put_aside, re.MULTILINE | re.DOTALL)[1]
    assert sorted(said.split()) == sorted(shown.split())
    assert git(foreign, "status", "--porcelain") == "", "the preview changes nothing"


def test_path_of_both_apps_is_the_old_ones_unless_listed(perform, tool, foreign):
    adopt, _ = ADOPT.split("## Carry over\n")
    perform(adopt, foreign, CURRENT, {})
    with (foreign / "src/legacy/main.py").open("a") as old:
        old.write("\n@app.post('/predict')\ndef predict(): return 'old'\n")
    test = foreign / "tests/integration/test_both.py"
    test.write_text(
        "from src.api import legacy\n"
        "def test_old_one_answers(client_of):\n"
        "    client = client_of(legacy=True)\n"
        "    assert client.post('/predict?input=a').json() == 'old'\n"
        "    assert client.get('/health').json() == {'status': 'ok'}\n"
        "    described = client.get('/openapi.json').json()['paths']\n"
        "    assert described['/health']['get']['tags'] == ['health']\n"
        "    assert 'x-model' not in described['/predict']['post'], 'the page says so'\n"
        "def test_wrong_requests_are_answered_by_the_app_that_has_the_path(client_of):\n"
        "    client = client_of(legacy=True)\n"
        "    assert client.get('/score').json() == {'detail': 'Method Not Allowed'}\n"
        "    assert client.get('/nothing').json()['status'] == 404\n"
        "def test_setting_turns_it_off(client_of):\n"
        "    client = client_of()\n"
        "    assert client.post('/predict?input=a').json() == {'prediction': 'A'}\n"
        "    assert client.post('/score', json={'text': ''}).status_code == 404\n"
        "def test_listed_one_is_the_templates(client_of, monkeypatch):\n"
        "    monkeypatch.setattr(legacy, 'TEMPLATE', {*legacy.TEMPLATE, '/predict'})\n"
        "    client = client_of(legacy=True)\n"
        "    assert client.post('/predict?input=a').json() == {'prediction': 'A'}\n"
    )
    assert "4 passed" in tool(foreign, "pytest", "-q", "tests/integration/test_both.py")


def carry_over(project, release):
    """Move the files as the table in the page says."""
    edits.below(project / "Dockerfile", "COPY configs ./configs", "COPY data ./data\n")
    with (project / ".dockerignore").open("a") as file:
        file.write("!data\n")
    edits.below(
        project / ".github/workflows/ci.yml",
        "# Your steps",
        "      - run: ./deploy.sh --dry-run\n",
    )
    git(project, "mv", "before/Makefile", "local.mk")
    if release == CURRENT:
        make = ["make", "--dry-run", "--no-print-directory", "deploy"]
        done = subprocess.run(make, cwd=project, capture_output=True, text=True)
        assert done.stdout == "./deploy.sh production\n"


def assert_adopted(project, tool, names):
    assert conflicts(project) == []
    assert lost(project, names) == []
    assert not {"secrets.json", ".env"} & {*git(project, "ls-files").splitlines()}
    assert "5 passed" in tool(project, "pytest", "-q", "-W", "error", *OLD_TESTS)
    moved = _renamed("src/legacy/main.py", names)
    assert git(project, "log", "--follow", "--format=%s", moved).split()[-1] == "Start"


def assert_serves_both(project, variables, log):
    """Start it with the settings in its files, as if behind a proxy."""
    command, env = ["python", "src/main.py"], variables | {"ROOT_PATH": "/models/x"}
    with running(command, cwd=project, env=env, log=log) as started:
        status, answer, headers = started.request("/score", {"text": "good"})
        assert (status, answer, headers["x-scorer"]) == (200, {"score": 1}, "1")
        assert headers["x-request-id"]
        wrong = {"text": "good", "language": "xx"}
        assert started.request("/score", wrong)[:2] == (418, {"error": "xx"})
        assert started.request("/health")[1] == {"status": "ok"}
        assert started.request("/predict", {"input": "good"})[1] == {"prediction": "positive"}


def lost(project, names):
    """Return the foreign files of which some line is in no file, or in several in part."""
    files = [project / name for name in git(project, "ls-files").splitlines()]
    # An update removes files of the template that the next release does not have.
    kept = [_lines(file.read_text("utf-8")) for file in files if file.is_file()]
    new = _renamed("src.legacy", names)
    found = []
    for name, text in service.FILES.items():
        moved = re.sub(r"^(\s*(?:from|import) )app\b", rf"\1{new}", text, flags=re.MULTILINE)
        if not any(_lines(moved if name.endswith(".py") else text) <= lines for lines in kept):
            found.append(name)
    return found


def _lines(text):
    return Counter(line for line in text.split("\n") if line.strip())


def _renamed(text, names):
    for old, new in names.items():
        text = text.replace(old, new)
    return text
