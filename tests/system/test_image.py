"""The image, built from the rendered Dockerfile and run as production runs it.

buildah builds it without Docker, over a Debian that mmdebstrap makes, because no registry of images
is used here; crun, an OCI runtime as Docker uses one, runs it as

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
PRIVATE = "src/artifacts/weights.bin"
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
    _make_private(project)
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


def test_what_only_its_owner_could_read_is_readable_in_the_image(image, service):
    """As safetensors writes an artifact, and a clone under `umask 077` writes everything."""
    assert service.execute("cat", f"/app/{PRIVATE}").stdout == "weights"
    unreadable = [
        path.relative_to(image.files)
        for folder in ("src", "configs", "pyproject.toml", ".venv")
        for path in [image.files / "app" / folder, *(image.files / "app" / folder).rglob("*")]
        if not path.is_symlink() and not path.stat().st_mode & (0o001 if path.is_dir() else 0o004)
    ]
    assert unreadable == []


def test_process_has_a_name_and_a_home_of_its_own(image, service):
    code = "import getpass, pathlib, pwd; print(getpass.getuser(), pathlib.Path.home(),"
    code += " *pwd.getpwuid(10001)[::5])"
    done = service.execute("python", "-c", code)
    assert done.stdout.split() == ["service", "/home/service"] * 2, done.stderr
    for folder in ("home/service", "home/service/.cache"):  # as a new volume there will have it
        assert (image.files / folder).stat().st_uid == 10001
        assert (image.files / folder).stat().st_gid == 10001


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


def test_build_names_a_link_that_leads_out_of_what_is_copied(store, empty_base, render):
    project = render(package_manager="uv")
    (project / "uv.lock").touch()
    (project / "weights.bin").touch()
    (project / "src/models/linked.bin").symlink_to("../../weights.bin")
    (project / "src/models/mounted.bin").symlink_to("/data/weights.bin")
    built = store.build(project, "linked", base=empty_base)
    assert built.returncode != 0
    assert "src/models/linked.bin" in built.stdout + built.stderr
    assert "src/models/mounted.bin" not in built.stdout + built.stderr
    assert "replace them with the files" in built.stdout + built.stderr


def _make_private(project: Path) -> None:
    """Remove all rights of others, and add an artifact with the same rights."""
    (project / PRIVATE).parent.mkdir()
    (project / PRIVATE).write_text("weights", "utf-8")
    for path in (project / "src", project / "configs", *project.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _variables(config: dict[str, Any]) -> dict[str, str]:
    return dict(variable.split("=", 1) for variable in config["Env"])


def _wait_until_started(container: Container) -> None:
    for _ in range(50):
        if container.execute("true").returncode == 0:
            return
    raise AssertionError(container.log.read_text("utf-8"))
