"""The rendered service for real: installed by each manager, started by each command, in use."""

import re
import shlex
import shutil
import subprocess

import pytest

from tests.support.ci import write_docker
from tests.support.contract import assert_contract, assert_log, readme_commands, sh
from tools.managers import INSTALL, REQUIREMENTS, environment
from tools.service import running

LAYOUTS = {"src_package": {}, "named_package": {"package_name": "fraud_scoring"}}

# Contract, section 2. "start" serves; the commands before it prepare, in the same shell.
COMMANDS = {
    "uv": [
        "uv run start-server",
        "uv run python src/main.py",
        "uv venv --clear && source .venv/bin/activate && uv pip install -e . && python src/main.py",
    ],
    "poetry": ["poetry run start-server", "poetry run python src/main.py"],
    "pdm": ["pdm run start-server", "pdm run python src/main.py"],
}
INSIDE = ["start-server", "python src/main.py", "uvicorn src.main:app --reload --port 0"]


# For statements that neither a manager nor a layout changes.
once = pytest.mark.parametrize(
    ("manager", "project"), [("uv", "src_package")], indirect=True, scope="module"
)


@pytest.fixture(scope="module", params=REQUIREMENTS)
def manager(request):
    return request.param


@pytest.fixture(scope="module")
def env(manager):
    return environment(manager, *(["uv"] if manager == "pdm" else []))


@pytest.fixture(scope="module", params=LAYOUTS)
def project(request, render, manager, env):
    """A fresh render, installed by its manager."""
    answers = {"package_manager": manager, "layout": request.param, **LAYOUTS[request.param]}
    project = render(**answers)
    sh(shlex.join(INSTALL[manager]), project, env)
    return project


@pytest.fixture
def inside(project, env):
    """The environment variables of a shell that has entered the project's environment."""
    commands = next(folder for folder in project.glob(".venv*/bin"))
    return {**env, "PATH": f"{commands}:{env['PATH']}"}


def test_managers_own_commands_start_the_service(project, manager, env, tmp_path):
    for command in COMMANDS[manager]:
        shell = ["bash", "-euc", command]
        with running(shell, cwd=project, env=env, log=tmp_path / "log") as service:
            assert_contract(service)
            assert_log(service, started=True)


@pytest.mark.parametrize("command", INSIDE)
def test_commands_inside_the_environment_start_the_service(project, inside, tmp_path, command):
    with running(shlex.split(command), cwd=project, env=inside, log=tmp_path / "log") as service:
        assert_contract(service)
        assert_log(service, started="uvicorn" not in command)


def test_start_server_works_from_an_unrelated_folder(project, inside, tmp_path):
    config = project / "configs/config.yaml"
    text = config.read_text("utf-8")
    config.write_text(text.replace("environment: development", "environment: staging"), "utf-8")
    with running(["start-server"], cwd=tmp_path, env=inside, log=tmp_path / "log") as service:
        assert service.request("/info")[1]["environment"] == "staging"
    config.write_text(text, "utf-8")


@once
def test_environment_beats_env_file_beats_yaml_beats_default(project, inside, tmp_path):
    config, env_file = project / "configs/config.yaml", project / ".env"
    text = config.read_text("utf-8")

    def served(**variables):
        command, env = ["start-server"], {**inside, **variables}
        with running(command, cwd=project, env=env, log=tmp_path / "log") as service:
            info = service.request("/info")[1]
            return info["environment"], info["models"][0]["name"]

    try:
        assert served() == ("development", "dummy_classifier")
        config.write_text(
            text.replace("environment: development", "environment: test").replace(
                "  cache_size", "  name: from_yaml\n  cache_size"
            ),
            "utf-8",
        )
        assert served() == ("test", "from_yaml")
        env_file.write_text("ENVIRONMENT=staging\nMODEL__NAME=from_env_file\n")
        assert served() == ("staging", "from_env_file")
        variables = {"ENVIRONMENT": "production", "MODEL__NAME": "from_environment"}
        assert served(**variables) == ("production", "from_environment")
    finally:
        config.write_text(text, "utf-8")
        env_file.unlink(missing_ok=True)


@once
@pytest.mark.parametrize("command", ["start-server", "python src/main.py"])
@pytest.mark.parametrize(
    ("variables", "yaml", "expected"),
    [
        ({"API_PORT": "hello-s3cr3t"}, "", "environment API_PORT: api_port: "),
        ({}, "model:\n  name: [\n", "wrong.yaml:3:1: "),
        ({}, "modle: s3cr3t\n", "wrong.yaml:1:1: modle: no such setting; did you mean model?"),
        ({}, "api_port: s3cr3t\n", "wrong.yaml:1:1: api_port: Input should be a valid integer"),
        ({"MODEL__IMPLEMENTATION": "none:None"}, "", "Cannot import "),
    ],
    ids=["environment", "malformed", "unknown key", "wrong type", "no such model"],
)
def test_wrong_configuration_is_one_clear_message_and_exit_code_78(
    project, inside, tmp_path, command, variables, yaml, expected
):
    (tmp_path / "wrong.yaml").write_text(yaml)
    env = {**inside, "CONFIG_PATH": str(tmp_path / "wrong.yaml"), **variables}
    done = subprocess.run(
        shlex.split(command), cwd=project, env=env, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 78
    assert expected in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "s3cr3t" not in done.stdout + done.stderr


@pytest.mark.parametrize("project", ["src_package"], indirect=True)
def test_everything_that_ci_runs_is_green(project, env):
    sh("make check", project, env)


def test_load_test_is_one_command_and_holds_the_budget(render, manager, env):
    """It installs Locust, which the setup leaves out."""
    project = render(package_manager=manager)
    sh("./scripts/setup_env.sh", project, env)
    with pytest.raises(AssertionError, match="Locust is not installed: `make load-test`"):
        sh(f"{manager} run pytest tests/performance", project, env)
    load = {**env, "LOAD_TEST_SECONDS": "6"}
    assert "budget 9000 ms" in sh("make load-test", project, {**load, "LATENCY_BUDGET_MS": "9000"})
    with pytest.raises(AssertionError, match="budget 0 ms"):
        sh("make load-test", project, {**load, "LATENCY_BUDGET_MS": "0"})
    short = {**env, "CAPACITY_STEP_SECONDS": "0.3", "LATENCY_BUDGET_MS": "9000"}
    assert "Capacity of one process: " in sh("make capacity", project, short)
    for name in ("load-test", "capacity"):
        assert "/predict" in (project / f"build/{name}.html").read_text("utf-8")


@pytest.mark.parametrize("project", ["src_package"], indirect=True)
def test_help_lists_every_target(project, env):
    listed = set(re.findall(r"make ([a-z-]+)", sh("make help", project, env)))
    targets = re.findall(r"^([a-z-]+):", (project / "Makefile").read_text(), re.MULTILINE)
    assert listed == {*targets}


@pytest.mark.parametrize("project", ["src_package"], indirect=True)
def test_first_install_wrote_the_lock_file_and_git_would_take_it(project, manager, env):
    sh("git init --quiet .", project, env)
    status = sh("git status --porcelain --untracked-files=all", project, env)
    shutil.rmtree(project / ".git")
    names = {line[3:] for line in status.splitlines()}
    assert f"{manager}.lock" in names
    assert not [name for name in names if name.startswith((".venv", ".env/")) or name == ".env"]


def test_readme_commands_work_as_they_stand(render, manager, env, tmp_path):
    """The first block of the README: set up, run, send a request."""
    project = render(package_manager=manager)
    setup, run, ask, promised = readme_commands(project)
    assert "Start the API" in sh(setup, project, env)
    assert (project / ".env").read_text() == (project / ".env.example").read_text()
    with running(["bash", "-c", f"exec {run}"], cwd=project, env=env, log=tmp_path / "log") as it:
        answer = sh(ask.replace("http://127.0.0.1:8000", it.url) + " --silent", project, env)
    assert answer == promised


def test_service_runs_from_a_wheel(render, tmp_path):
    """In a wheel there is no project folder: the working directory's configuration counts."""
    project, env = render(), environment("uv")
    sh("uv build --quiet --wheel && uv venv --quiet served", project, env)
    sh("uv pip install --quiet --python served dist/*.whl", project, env)
    shutil.copytree(project / "configs", tmp_path / "configs")
    command = [str(project / "served/bin/start-server")]
    with running(command, cwd=tmp_path, env=env, log=tmp_path / "log") as service:
        assert_contract(service)
        assert service.request("/info")[1]["service"] == "ml-service"
        assert "<!doctype html>" in service.request("/")[1]


def test_two_workers_of_uvicorn_serve(render, tmp_path):
    project, env = render(), environment("uv")
    sh("uv sync --quiet", project, env)
    command = ["uv", "run", "uvicorn", "src.main:app", "--workers", "2", "--port", "0"]
    with running(command, cwd=project, env=env, log=tmp_path / "log") as service:
        assert_contract(service)


def test_image_is_labelled_with_the_model_that_is_served(render, tmp_path):
    """There is no Docker here, so a stand-in shows its arguments."""
    project, env = render(), environment("uv")
    sh("uv sync --quiet", project, env)
    write_docker(tmp_path)
    env = {**env, "PATH": f"{tmp_path}:{env['PATH']}", "MODEL__VERSION": "7.7.7"}
    told = sh("make image", project, env)
    assert "--build-arg MODEL_NAME=dummy_classifier --build-arg MODEL_VERSION=7.7.7 ." in told
