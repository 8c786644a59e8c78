"""The image, built from the rendered Dockerfile and run as production runs it.

buildah builds it without Docker, over a Debian that mmdebstrap makes, because no registry of images
is asked here; crun, an OCI runtime as Docker uses one, runs it as

    docker run --read-only --cap-drop ALL --security-opt no-new-privileges --network none

would: uid 10001, the service as process 1, a network that has only a loopback. Not proven: that the
`python:…-slim` images do as a base, that BuildKit builds as buildah does, memory and CPU limits.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.system.container import BASE, Container, Store, running
from tests.system.support import CACHE, MANAGERS

PORT = "8123"
URL = f"http://127.0.0.1:{PORT}"


@dataclass
class Image:
    manager: str
    config: dict[str, Any]
    files: Path
    variables: dict[str, str]


@pytest.fixture(scope="session")
def store() -> Iterator[Store]:
    CACHE.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="images-", dir=CACHE) as folder:
        yield Store(Path(folder))


@pytest.fixture(scope="session", params=MANAGERS)
def image(request, store, render, lock_file) -> Image:
    manager = request.param
    layout = "named_package" if manager == "poetry" else "src_package"
    project = render(package_manager=manager, layout=layout, model_name="fraud_classifier")
    shutil.copy(lock_file(manager), project)
    (project / ".env").write_text("API_PORT=1\n", "utf-8")
    tag = f"service-{manager}"
    built = store.build(project, tag, MODEL_NAME="fraud", MODEL_VERSION="4.5.6")
    assert built.returncode == 0, built.stdout + built.stderr
    config = store.config(tag)
    of_base = _variables(store.config(BASE))
    variables = {k: v for k, v in _variables(config).items() if of_base.get(k) != v}
    return Image(manager, config, store.files(tag), variables)


@pytest.fixture(scope="session")
def service(image, tmp_path_factory) -> Iterator[Container]:
    folder = tmp_path_factory.mktemp("container")
    variables = {**image.variables, "API_PORT": PORT}
    with running(image.files, image.config, folder, variables=variables) as container:
        container.wait_until_ready(URL)
        yield container


def test_image_starts_the_service_itself_and_not_as_root(image):
    assert image.config["Cmd"] == ["start-server"]
    assert not image.config.get("Entrypoint")
    assert image.config["User"] == "10001:10001"
    assert image.config["Healthcheck"]["Test"][0] == "CMD"


def test_labels_name_the_model_and_its_version(image):
    labels = image.config["Labels"]
    assert labels["org.opencontainers.image.title"] == "ml-service"
    assert labels["ml.model.name"] == "fraud"
    assert labels["ml.model.version"] == "4.5.6"


def test_image_has_the_service_and_no_package_manager(image):
    lock = f"{image.manager}.lock"
    expected = {".venv", "README.md", "configs", lock, "pyproject.toml", "src"}
    assert {path.name for path in (image.files / "app").iterdir()} - {".pdm-python"} == expected
    assert not (image.files / "opt" / "manager").exists()
    commands = {path.name for path in (image.files / "app" / ".venv" / "bin").iterdir()}
    assert commands.isdisjoint({"uv", "poetry", "pdm", "pytest", "ruff"})


def test_service_answers_without_privileges_on_read_only_files(service):
    status = service.execute("cat", "/proc/1/status").stdout
    values = dict(line.split(":\t", 1) for line in status.splitlines())
    assert values["Uid"].split() == values["Gid"].split() == ["10001"] * 4
    assert {values[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert values["NoNewPrivs"] == "1"
    assert service.execute("touch", "/app/file", "/tmp/file").stderr.count("Read-only") == 2

    assert service.request("GET", f"{URL}/ready").startswith("200 ")
    for text, answer in {"good": "positive", "bad": "negative"}.items():
        told = service.request("POST", f"{URL}/predict?input=This+is+{text}")
        assert told == f'200 {{"prediction":"{answer}"}}'


def test_health_check_succeeds_while_the_service_listens(image, service):
    done = service.execute(*image.config["Healthcheck"]["Test"][1:])
    assert done.returncode == 0, done.stderr


def test_health_check_fails_when_nothing_listens(image, tmp_path):
    variables = {**image.variables, "API_PORT": PORT}
    idle = ["sleep", "60"]
    with running(image.files, image.config, tmp_path, variables=variables, command=idle) as other:
        _wait_until_started(other)
        done = other.execute(*image.config["Healthcheck"]["Test"][1:])
    assert done.returncode == 1
    assert "Connection refused" in done.stderr


def test_service_ends_by_itself_when_it_is_stopped(image, tmp_path):
    with running(image.files, image.config, tmp_path, variables=image.variables) as container:
        container.wait_until_ready("http://127.0.0.1:8000")
        first = container.execute("cat", "/proc/1/cmdline").stdout.split("\0")
        assert first[1] == "/app/.venv/bin/start-server"
        assert container.terminate() in {0, 143}
    log = container.log.read_text("utf-8")
    assert "Application shutdown complete" in log
    assert "Traceback" not in log


@pytest.fixture(scope="session")
def empty_base(store):
    return store.base_of_empty_environments()


@pytest.mark.parametrize("manager", MANAGERS)
def test_build_without_a_lock_file_says_what_to_do(manager, store, empty_base, render):
    built = store.build(render(package_manager=manager), "none", base=empty_base)
    assert built.returncode != 0
    sentence = f"There is no {manager}.lock: run '{manager} lock', commit the file, build again."
    assert sentence in built.stderr


def _variables(config: dict[str, Any]) -> dict[str, str]:
    return dict(variable.split("=", 1) for variable in config["Env"])


def _wait_until_started(container: Container) -> None:
    for _ in range(50):
        if container.execute("true").returncode == 0:
            return
    raise AssertionError(container.log.read_text("utf-8"))
