"""Settings of one's own, as the page says: a section, a list, a secret with a default."""

import re
import shutil
import subprocess

import pytest

from tests.update.edits import below, page, replace

LOAD = """
from src.core.config import load_config
upstream = load_config().upstream
print(upstream, upstream.token.get_secret_value())
"""


@pytest.fixture(scope="module")
def extended(project, tmp_path_factory):
    """A project with what the page `add-a-setting` shows."""
    folder = tmp_path_factory.mktemp("own") / "project"
    shutil.copytree(project, folder)
    _, section, secret = page("add-a-setting", "python")
    _, example, secret_example = page("add-a-setting", "bash")
    settings, variables = folder / "src/config/settings.py", folder / ".env.example"
    _, comment, *lines = section.splitlines(keepends=True)
    below(settings, comment, "".join(lines))
    text = settings.read_text("utf-8")
    end = re.search(r'\n        """Regions .*"""\n', text).end()
    text = text[:end] + secret + text[end:]
    settings.write_text(text, "utf-8")
    replace(settings, "Field, ValidationInfo,", "Field, SecretStr, ValidationInfo,")
    comment, *lines = example.splitlines(keepends=True)
    below(variables, comment, "".join([*lines, secret_example]))
    return folder


def run(extended, commands, *command, **variables):
    return subprocess.run(
        [commands / command[0], *command[1:]],
        cwd=extended,
        env={"PATH": f"{commands}:/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_checks_of_the_project_hold(extended, commands):
    for command in (
        ["ruff", "check", "src"],
        ["mypy", "src"],
        ["pytest", "-q", "-p", "no:cacheprovider", "tests/unit/config"],
    ):
        done = run(extended, commands, *command)
        assert done.returncode == 0, done.stdout + done.stderr


def test_values_come_from_every_layer(extended, commands):
    (extended / ".env").write_text("UPSTREAM__TOKEN=mine\n")
    with (extended / "configs/config.yaml").open("a") as file:
        file.write("\nupstream:\n  url: https://a.example\n")
    done = run(extended, commands, "python", "-c", LOAD, UPSTREAM__REGIONS="us, asia")
    assert "url='https://a.example' regions=('us', 'asia')" in done.stdout
    assert "token=SecretStr('**********') mine" in done.stdout


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("UPSTREAM__URL", "s3cr3t", "environment UPSTREAM__URL: upstream.url: invalid format"),
        ("UPSTREAM__TOKN", "s3cr3t", "upstream.tokn: no such setting; did you mean token?"),
    ],
)
def test_wrong_values_are_told_like_any_other(extended, commands, name, value, expected):
    done = run(extended, commands, "python", "src/main.py", **{name: value})
    assert done.returncode == 78
    assert expected in done.stderr
    assert "s3cr3t" not in done.stderr


def test_list_of_numbers_is_json_or_refused_by_name(extended, commands):
    settings = extended / "src/config/settings.py"
    fields = "    ports: list[int] = []\n    labels: dict[str, int] = {}\n"
    below(settings, "    # Your settings\n", fields)
    code = "from src.core.config import load_config; s = load_config(); print(s.ports, s.labels)"
    done = run(extended, commands, "python", "-c", code, PORTS="[80]", LABELS='{"A": 1}')
    assert done.stdout == "[80] {'A': 1}\n"
    (extended / "configs/config.yaml").write_text("ports: [1]\nlabels: {A: 1, a: 2}\n")
    assert run(extended, commands, "python", "-c", code).stdout == "[1] {'A': 1, 'a': 2}\n"
    for name in ("PORTS", "LABELS"):
        done = run(extended, commands, "python", "src/main.py", **{name: "80,443"})
        assert done.returncode == 78
        assert f"environment {name}: {name.lower()}: Input should be a valid" in done.stderr
