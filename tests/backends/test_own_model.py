"""A stranger's artifact and class in place of the example, which is deleted."""

import json
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.backends.installed import OWN, Installed
from tests.support.ci import jobs, steps, write_docker
from tests.support.contract import sh
from tests.support.protocol import statements_that_hold
from tests.update.edits import replace
from tests.update.project import commit, git
from tools.service import running
from tools.template import read_backends

FILES = Path(__file__).parent / "files"
EXAMPLE = (
    "scripts/make_example_model.py",
    "tests/integration/conftest.py",
    "tests/unit/models/test_dummy_model.py",
)
CHECKS = ("lint", "types", "contracts", "coverage")
FLATS = [[3, 85, 1998, 2], [5, 180, 2015, 1]]


class Own(NamedTuple):
    """A service with the own model, as CI checks it out; prices that its training printed."""

    installed: Installed
    prices: list[float]


@pytest.fixture(scope="module", params=OWN)
def own(request, install):
    installed = install(request.param)
    project, package, answers, env, _ = installed
    git(project, "init", "--quiet")
    commit(project, "Start")
    delete_example(project, package)
    add_own_model(project, package, answers["model_backend"])
    train = f"{answers['package_manager']} run python scripts/train_price.py"
    prices = [float(price) for price in sh(train, project, env).split()[-2:]]
    configure(project, env, answers["model_backend"])
    git(project, "add", "--force", *(f"artifacts/{file.name}" for file in artifacts(project)))
    commit(project, "Serve the price model")
    git(project, "clean", "-dfqx")
    return Own(installed, prices)


def artifacts(project):
    return [file for file in (project / "artifacts").iterdir() if file.name != ".gitignore"]


def delete_example(project, package):
    """Delete what the tutorial names, and the artifact."""
    for file in (package / "models/dummy_model.py", *(project / name for name in EXAMPLE)):
        file.unlink()
    for file in artifacts(project):
        file.unlink()


def add_own_model(project, package, backend):
    shutil.copy(FILES / backend / "price_model.py", package / "models")
    shutil.copy(FILES / backend / "train_price.py", project / "scripts")
    text = (FILES / "test_price_model.py").read_text("utf-8")
    test = project / "tests/unit/models/test_price_model.py"
    test.write_text(text.replace("from src.", f"from {package.name}."), "utf-8")


def configure(project, env, backend):
    """Name class, artifact and checksum, as the pages show."""
    uri = f"artifacts/price{read_backends()[backend]['suffix']}"
    checksum = sh(f"make --silent checksum ARTIFACT={uri}", project, env).split()[-1]
    assert re.fullmatch("[0-9a-f]{64}", checksum)
    config, suffix = project / "configs/config.yaml", uri.rpartition(".")[2]
    replace(config, "dummy_model:DummyModel", "price_model:PriceModel")
    replace(config, f"artifacts/dummy_model.{suffix}", f"{uri}\n    sha256: {checksum}")


def test_steps_of_ci_are_green(own, tmp_path):
    project, _, answers, env, start = own.installed
    write_docker(tmp_path)
    env = {**env, "PATH": f"{tmp_path}:{env['PATH']}"}
    commands = steps(project, "check")
    assert commands == ["./scripts/setup_env.sh", *(f"make {name}" for name in CHECKS)]
    said = {command: sh(command, project, env) for command in commands}
    assert re.search(r"= \d+ passed in ", said["make coverage"].splitlines()[-1])
    assert ("image" in jobs(project)) == (answers["preset"] == "production")
    if "image" in jobs(project):
        with running(start, cwd=project, env=env, log=tmp_path / "log") as service:
            said = run_image_job(project, env, service)
        assert "--build-arg MODEL_NAME=price --build-arg MODEL_VERSION=2.0.0 ." in said
        predicted = json.loads(re.search(r"/predict: (.*)", said)[1])
        assert predicted == {"prediction": pytest.approx(own.prices[0])}
    assert git(project, "status", "--porcelain") == "", "nothing is made anew"


def run_image_job(project, env, service):
    commands = "\n".join(steps(project, "image"))
    return sh(commands.replace("http://127.0.0.1:8000", service.url), project, env)


def test_service_of_the_own_model_predicts(own, tmp_path):
    """As in production, where an artifact must have a checksum."""
    project, _, answers, env, start = own.installed
    sh("./scripts/setup_env.sh", project, env)
    env = {**env, "ENVIRONMENT": "production"}
    with running(start, cwd=project, env=env, log=tmp_path / "log") as service:
        assert_predictions(service, own.prices)
        if answers["preset"] == "production":
            assert "error-fixed-dimension" in statements_that_hold(service, "price", tmp_path)


def assert_predictions(service, prices):
    status, answer, headers = service.request("/predict", {"input": FLATS[0]})
    assert (status, answer) == (200, {"prediction": pytest.approx(prices[0])})
    assert (headers["x-model-name"], headers["x-model-version"]) == ("price", "2.0.0")
    batch = service.request("/predict/batch", {"inputs": FLATS})
    assert batch[:2] == (200, {"predictions": [pytest.approx(price) for price in prices]})
    assert service.request("/predict", {"input": [1, 2, 3]})[0] == 422
    assert service.request("/predict?input=1", method="POST")[0] == 422
    assert service.request("/info")[1]["models"][0]["name"] == "price"
