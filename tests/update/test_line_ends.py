"""Line ends of Windows: in the working tree, and in the repository itself."""

from collections import Counter

from tests.update import edits
from tests.update.history import LAST
from tests.update.project import commit, conflicts, difference, doctor, files, git, update

EDITED = ("configs/config.yaml", "pyproject.toml", "src/config/settings.py", "src/api/team.py")


def with_crlf(project, *names):
    for name in names:
        text = (project / name).read_bytes().replace(b"\r\n", b"\n")
        (project / name).write_bytes(text.replace(b"\n", b"\r\n"))


def test_lines_that_end_as_on_windows_lose_no_edit(history, started, rendered, tmp_path):
    """Whatever an editor writes and however Git is set up: the project says LF."""
    project = started(history.current, tmp_path / "project")
    git(project, "config", "core.autocrlf", "true")
    edits.apply(project, "uv")
    with_crlf(project, *EDITED)
    commit(project, "Edits")
    git(project, "rm", "-r", "--quiet", "--cached", ".")
    git(project, "reset", "--hard", "--quiet")
    assert b"\r\n" not in (project / "src/app.py").read_bytes()
    update(project)
    assert conflicts(project) == []
    commit(project, "Update")

    with_crlf(project, *EDITED)
    commit(project, "Nothing, to Git")
    assert git(project, "diff", "--name-only", "HEAD^") == ""
    update(project, data={"package_manager": "pdm"})
    assert conflicts(project) == []
    expected = rendered(history.next, tmp_path / "expected", package_manager="pdm")
    edits.apply(expected, "uv")
    (expected / ".env").write_bytes((project / ".env").read_bytes())
    commit(project, "Switch")
    git(project, "rm", "-r", "--quiet", "--cached", ".")
    git(project, "reset", "--hard", "--quiet")
    assert difference(project, expected) == []


def test_files_committed_with_crlf_lose_no_edit(started, tmp_path):
    project = started(LAST, tmp_path / "project")
    (project / ".gitattributes").unlink()
    commit(project, "Our own line ends")
    edits.apply(project, "uv")
    with_crlf(project, *EDITED)
    commit(project, "Edits on Windows")
    before = files(project)
    update(project)
    for name in EDITED:
        after, edited = (
            Counter(map(bytes.strip, side[name].splitlines())) for side in (files(project), before)
        )
        assert edited <= after, name
        assert name not in conflicts(project) or any(name in line for line in doctor(project)[1])
