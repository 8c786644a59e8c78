"""Patterns of ignored files in a folder above the service's, or on the machine."""

import pytest

from tests.update.project import commit, doctor, files, git, into_git

PATTERNS = """
models/
data/
*.lock
build/
core
lib/
config*
tests/
scripts/
services
api
utils
.*
*.md
*.yaml
*.toml
*.html
*.sh
Makefile
Dockerfile
"""


@pytest.fixture(params=["of the machine", "of the repository above"])
def repository(request, tmp_path, monkeypatch):
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "--quiet")
    if request.param == "of the machine":
        (tmp_path / "ignore").write_text(PATTERNS)
        config = tmp_path / "config"
        config.write_text(
            "[user]\nname = T\nemail = t@example.org\n"
            f"[core]\nexcludesFile = {tmp_path / 'ignore'}\n"
        )
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    else:
        (repository / ".gitignore").write_text(PATTERNS)
    return repository


@pytest.mark.parametrize("layout", ["src_package", "named_package"])
def test_patterns_elsewhere_hide_no_file_of_the_service(rendered, history, repository, layout):
    project = rendered(history.current, repository / "service", layout=layout)
    (project / "uv.lock").touch()
    for junk in ("src/__pycache__/a.pyc", ".env", "src/.idea/x", "src/models/weights.bin"):
        (project / junk).parent.mkdir(exist_ok=True)
        (project / junk).touch()
    commit(repository, "Start")
    tracked = {*git(project, "ls-files").splitlines()}
    missing = files(project).keys() - tracked
    assert missing <= {"src/__pycache__/a.pyc", ".env", "src/.idea/x"}
    assert {"src/__pycache__/a.pyc", ".env"} <= missing


def test_doctor_names_what_patterns_elsewhere_hide(rendered, history, tmp_path):
    project = rendered(history.current, tmp_path / "project")
    lines = (project / ".gitignore").read_text().splitlines(keepends=True)
    (project / ".gitignore").write_text("".join(line for line in lines if line[0] != "!"))
    git(project, "init", "--quiet")
    (project / ".git/info/exclude").write_text("models/\n.github\n")
    commit(project, "Start")
    code, said = doctor(project)
    assert code == 1
    (line,) = [line for line in said if line.startswith("src/models/base.py: ")]
    assert "Git ignores it by models/ (.git/info/exclude:1), so it is in no commit" in line
    assert [line for line in said if line.startswith(".github/workflows/ci.yml: ")]
    git(project, "add", "--force", "src", "tests", ".github")
    assert doctor(project) == (0, ["Nothing left behind."])


def test_users_own_patterns_at_the_end_still_count(rendered, history, tmp_path):
    project = rendered(history.current, tmp_path / "project")
    with (project / ".gitignore").open("a") as file:
        file.write("data/\n*.bin\n")
    for name in ("src/data/large.py", "src/models/weights.bin"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).touch()
    into_git(project)
    tracked = git(project, "ls-files").splitlines()
    assert not {"src/data/large.py", "src/models/weights.bin"} & {*tracked}
