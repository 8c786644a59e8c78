"""Every way to extend a service, as its how-to page shows it: no line of the template is edited."""

import re
from pathlib import Path

import pytest

from tests.update import edits
from tests.update.project import USERS_OWN, commit, conflicts, difference, files, git, sh, update
from tools.managers import ROOT


def extend(project):
    """Do what the pages show."""
    package = edits.package_of(project)
    edits.add_route_and_middleware(package)
    _, test_of_route, _ = edits.page("add-a-route", "python")
    edits.write(project / "tests/integration/test_compare.py", test_of_route)
    edits.add_setting(project, package)
    service, vote, index, search, log_line, tenant = edits.page("extend", "python")
    assert log_line.startswith("logger.info(")
    edits.write(package / "services/vote_service.py", service)
    edits.write(package / "api/vote.py", vote)
    edits.write(package / "services/search_service.py", index)
    edits.write(package / "api/search.py", search)
    edits.write(package / "api/tenant.py", tenant)
    (step,) = edits.page("extend", "yaml")
    comment, line = step.splitlines(keepends=True)
    edits.below(project / ".github/workflows/ci.yml", comment, line)
    edits.below(
        project / ".github/workflows/ci.yml",
        "  # Your jobs\n",
        "  own:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo own\n",
    )
    (target,) = edits.page("extend", "make")
    (project / "local.mk").write_text(target, "utf-8")
    edits.add_dependencies(project, "uv")


TEST = """
import threading

from fastapi.testclient import TestClient
from src.app import create_app
from src.config.settings import Settings
from src.core.logger import log_context
from src.services.search_service import Index
from tests.conftest import TextModel, until


def test_extensions_answer(client_of):
    client = client_of()
    answer = client.post("/compare?first=a&second=A")
    assert answer.json() is True
    assert answer.headers["x-team"] == "ml"
    assert client.post("/vote", json=["a", "A", "b"]).json() == "A"


def test_index_is_loaded_before_the_service_is_ready(client_of, monkeypatch):
    may_load = threading.Event()
    load = Index.load
    monkeypatch.setattr(Index, "load", lambda index: may_load.wait(60) and load(index))
    app = create_app(Settings(), model=TextModel())
    with TestClient(app) as client:
        until(lambda: app.state.inference_service.loaded)
        assert client.get("/health").status_code == 200
        assert client.get("/ready").status_code == 503
        assert client.get("/search?word=good").status_code == 503
        may_load.set()
        until(lambda: client.get("/ready").status_code == 200)
        assert client.get("/search?word=good").json() == ["a good film"]


def test_index_that_cannot_be_loaded_ends_the_start(monkeypatch):
    failures = []
    monkeypatch.setattr(Index, "load", lambda _: 1 / 0)
    with TestClient(create_app(Settings(), model=TextModel(), on_load_failure=failures.append)):
        until(lambda: failures)
    assert isinstance(failures[0], ZeroDivisionError)


def test_tenant_is_on_every_line_of_its_request(client_of, caplog):
    client = client_of()
    seen = []
    caplog.handler.addFilter(lambda record: seen.append(log_context.get()) or True)
    with caplog.at_level("INFO"):
        answer = client.post("/tenant/predict?text=x", headers={"X-Tenant": "acme"})
        client.post("/predict", json={"input": "y"})
    assert answer.json()["tenant"] == "acme"
    assert sum((context or {}).get("tenant") == "acme" for context in seen) >= 2
    assert (seen[-1] or {}).get("tenant") is None
"""


@pytest.fixture
def project(history, started, tmp_path):
    return started(history.current, tmp_path / "project")


def test_no_line_of_the_template_is_edited(project):
    extend(project)
    git(project, "add", "--all")
    for line in git(project, "diff", "--cached", "--numstat").splitlines():
        added, deleted, name = line.split("\t")
        assert int(deleted) == 0, f"{name}: a line of the template was edited"
        assert int(added) > 0


def test_extensions_survive_an_update_without_a_conflict(project, history, rendered, tmp_path):
    extend(project)
    commit(project, "Extended")
    update(project)
    assert conflicts(project) == []
    expected = rendered(history.next, tmp_path / "expected")
    extend(expected)
    assert difference(project, expected) == []


def test_extensions_work_and_are_clean(project, tool):
    extend(project)
    pyproject = project / "pyproject.toml"
    for added in edits.ADDED["uv"]:
        edits.replace(pyproject, added, "")  # nothing imports them here
    scripts = project / "scripts"  # they import each other as what they are: scripts
    tool(scripts, "mypy", "--strict", "--config-file=", *(s.name for s in scripts.glob("*.py")))
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        tool(project, *command)
    tool(project, "lint-imports", "--no-cache")
    python = tool(project, "python", "-c", "import sys; print(sys.executable)").strip()
    found = sh(f"PATH={Path(python).parent}:$PATH make RUN= packages help", project)
    assert "fastapi" in found
    assert "make packages" in found
    edits.write(project / "tests/integration/test_extensions.py", TEST)
    tool(project, "pytest", "-q", "-x")


def ownership(text):
    """Return the names of files and the promise, by owner."""
    rows = re.findall(r"^\| (you|shared|the template) \| (.*?) \| (.*?) \|$", text, re.MULTILINE)
    return {owner: ({*re.findall(r"`([^`]+)`", names)}, promise) for owner, names, promise in rows}


def test_ownership_table_of_the_project_is_that_of_the_docs(render):
    ours = ownership((ROOT / "docs/reference/ownership.md").read_text("utf-8"))
    theirs = ownership((render() / "DEVELOPMENT.md").read_text("utf-8"))
    assert [*ours] == [*theirs] == ["you", "shared", "the template"]
    assert {name.replace("**/", "") for name in ours["shared"][0]} == theirs["shared"][0]
    assert theirs["you"][0] <= {name.replace("**/", "") for name in ours["you"][0]}
    for owner in ours:
        assert ours[owner][1].startswith(theirs[owner][1].partition(";")[0]), owner


def test_ownership_table_names_what_copier_is_told(template):
    settings = (template / "copier.yml").read_text("utf-8")
    skipped = re.search(r"^_skip_if_exists:\n((?:  - .*\n)+)", settings, re.MULTILINE)[1]
    patterns = {pattern.lstrip("/") for pattern in re.findall(r"  - (\S+)", skipped)}
    block = re.search(r"_copier_operation == 'update' %\}\n(.*?)\{% endif", settings, re.DOTALL)[1]
    assert {pattern.lstrip("/") for pattern in block.split()} == patterns == {*USERS_OWN}
    table = (ROOT / "docs/reference/ownership.md").read_text("utf-8")
    own = re.search(r"^\| you \| (.*?) \|", table, re.MULTILINE)[1]
    assert {*re.findall(r"`([^`]+)`", own)} == patterns | {".env"}


def test_comments_that_pages_name_are_in_the_render(render):
    text = b"\n".join(files(render()).values()).decode()
    named = re.findall(r"`(?:# |// )?(Your [a-z]+)`", (ROOT / "docs/how-to/extend.md").read_text())
    assert {"Your dependencies", "Your jobs"} <= {*named}
    for comment in named:
        assert re.search(rf"(#|//) {comment}", text), comment
