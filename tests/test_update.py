"""A first update: a project rendered from an earlier template, edited, then updated."""

import subprocess
import tarfile
from io import BytesIO

import pytest
import yaml
from copier import run_copy, run_update

from tools.managers import ROOT
from tools.template import snapshot

USERS_OWN = {
    "README.md",
    "CHANGELOG.md",
    "MODEL_CARD.md",
    "src/models/dummy_model.py",
    "tests/unit/models/test_dummy_model.py",
}


def git(folder, *arguments):
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def commit(folder, message, tag=None):
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    if tag:
        git(folder, "tag", tag)


def previous_template(folder):
    """Unpack the template of the commit before this one, or of this one where it is the first."""
    revision = "HEAD^" if git(ROOT, "rev-list", "--count", "HEAD").strip() != "1" else "HEAD"
    archive = ["git", "archive", revision, "copier.yml", "questions", "template"]
    content = subprocess.run(archive, cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=BytesIO(content)) as tar:
        tar.extractall(folder, filter="data")


def grow(template):
    """Let the template differ in each kind of file, whatever its last commit did."""

    def insert(name, line, before):
        file = template / "template" / name
        text = file.read_text("utf-8")
        assert text.count(before) == 1
        file.write_text(text.replace(before, f"{line}\n{before}"), "utf-8")

    insert("pyproject.toml.jinja", '    "prometheus-client>=0.22,<1",', "    # Your dependencies")
    insert("configs/config.yaml.jinja", "log_format: text", "log_level: INFO")
    insert(".env.example.jinja", "# NEW_SETTING=1", "# LOG_LEVEL=INFO")
    insert(
        "{{ package_path }}/core/errors.py", '"""New line."""\n', "class ServiceError(Exception):"
    )
    (template / "template/{{ package_path }}/api/new_part.py").write_text('"""New part."""\n')
    readme = template / "template/README.md.jinja"
    readme.write_text(readme.read_text("utf-8") + "\nA later README.\n", "utf-8")


@pytest.fixture
def releases(tmp_path):
    """A repository of the template with two releases: the previous commit, and this one, grown."""
    template = tmp_path / "template"
    template.mkdir()
    git(template, "init", "--quiet")
    previous_template(template)
    commit(template, "Earlier", "v1.0.0")
    git(template, "rm", "-rq", ".")
    grow(snapshot(template))
    commit(template, "Later", "v1.1.0")
    return template


@pytest.fixture
def project(releases, tmp_path):
    project = tmp_path / "project"
    run_copy(str(releases), project, vcs_ref="v1.0.0", defaults=True, quiet=True)
    git(project, "init", "--quiet")
    commit(project, "Start")
    return project


def replace(file, old, new):
    text = file.read_text("utf-8")
    assert text.count(old) == 1, (file, old)
    file.write_text(text.replace(old, new), "utf-8")


def edit(project):
    """Do what users do; give a check that all of it is there."""
    (project / "src/models/price_model.py").write_text('"""A model of the user\'s."""\n')
    (project / "src/api/compare.py").write_text('"""A route of the user\'s."""\n')
    dummy = project / "src/models/dummy_model.py"
    replace(dummy, '("good", "great")', '("good", "great", "fine")')
    replace(project / "configs/config.yaml", "cache_size: 100", "cache_size: 7")
    replace(
        project / "pyproject.toml",
        "    # Your dependencies\n",
        '    # Your dependencies\n    "numpy>=2",\n',
    )
    replace(
        project / ".github/workflows/ci.yml",
        "      # Your steps\n",
        "      # Your steps\n      - run: echo mine\n",
    )
    readme = project / "README.md"
    readme.write_text(readme.read_text() + "\n## Mine\n")
    (project / "tests/unit/models/test_dummy_model.py").unlink()
    (project / ".env").write_text("LOG_LEVEL=DEBUG\n")

    def check():
        assert (project / "src/models/price_model.py").is_file()
        assert (project / "src/api/compare.py").is_file()
        assert '"fine"' in dummy.read_text()
        assert "cache_size: 7" in (project / "configs/config.yaml").read_text()
        assert '"numpy>=2"' in (project / "pyproject.toml").read_text()
        assert "echo mine" in (project / ".github/workflows/ci.yml").read_text()
        assert readme.read_text().endswith("\n## Mine\n")
        assert not (project / "tests/unit/models/test_dummy_model.py").exists()
        assert (project / ".env").read_text() == "LOG_LEVEL=DEBUG\n"

    return check


def assert_no_conflict(project):
    """Copier reports success even where it left conflicts."""
    assert git(project, "ls-files", "--unmerged") == ""
    for file in project.rglob("*"):
        assert file.suffix != ".rej"
        if file.is_file() and ".git/" not in file.as_posix():
            assert "<<<<<<<" not in file.read_text("utf-8"), file


def update(project, **options):
    run_update(project, defaults=True, overwrite=True, quiet=True, unsafe=False, **options)


def test_update_brings_the_new_and_keeps_every_edit(project):
    check = edit(project)
    commit(project, "Edits")
    update(project)
    check()
    assert_no_conflict(project)
    assert yaml.safe_load((project / ".copier-answers.yml").read_text())["_commit"] == "v1.1.0"
    assert '"prometheus-client>=0.22,<1"' in (project / "pyproject.toml").read_text()
    assert "log_format: text" in (project / "configs/config.yaml").read_text()
    assert (project / "src/api/new_part.py").is_file()
    assert "A later README." not in (project / "README.md").read_text()


def test_second_update_changes_nothing(project):
    edit(project)
    commit(project, "Edits")
    update(project)
    commit(project, "Update")
    update(project)
    assert git(project, "status", "--porcelain") == ""


def test_update_without_edits_equals_a_fresh_render(project, releases, tmp_path):
    update(project)
    run_copy(str(releases), tmp_path / "fresh", vcs_ref="v1.1.0", defaults=True, quiet=True)
    for file in (tmp_path / "fresh").rglob("*"):
        name = file.relative_to(tmp_path / "fresh").as_posix()
        if file.is_file() and name not in USERS_OWN:
            assert (project / name).read_bytes() == file.read_bytes(), name


def test_conflict_is_reported_in_the_file(project):
    replace(project / "configs/config.yaml", "log_level: INFO", "log_level: ERROR  # mine")
    commit(project, "Collision")
    update(project)
    text = (project / "configs/config.yaml").read_text()
    assert "<<<<<<< before updating" in text
    assert "log_level: ERROR  # mine" in text
    assert "log_format: text" in text


def test_answers_survive_an_update(project):
    update(project, data={"package_manager": "pdm"})
    update_answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert update_answers["package_manager"] == "pdm"
    commit(project, "Switch")
    update(project, data={"model_name": "other"})
    later = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert later["package_manager"] == "pdm"
    assert later["model_module"] == "dummy_model"
    assert_no_conflict(project)
