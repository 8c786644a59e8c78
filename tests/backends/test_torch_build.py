"""Builds of PyTorch: from its own index for the CPU, by the means of each manager."""

import functools
import http.server
import subprocess
import threading
import tomllib
import zipfile

import pytest

from tests.update.project import files
from tools.managers import REQUIREMENTS, environment

INDEX = "https://download.pytorch.org/whl/cpu"
MEANS = {
    "uv": {
        "index": [{"name": "pytorch-cpu", "url": INDEX, "explicit": True}],
        "sources": {"torch": {"index": "pytorch-cpu"}},
    },
    "poetry": {
        "source": [{"name": "pytorch-cpu", "url": INDEX, "priority": "explicit"}],
        "dependencies": {"torch": {"source": "pytorch-cpu"}},
    },
    "pdm": {
        "source": [
            {
                "name": "pytorch-cpu",
                "url": INDEX,
                "include_packages": ["torch"],
                "exclude_packages": ["*"],
            }
        ],
    },
}


def tools_of(project):
    return tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["tool"]


@pytest.mark.parametrize("manager", REQUIREMENTS)
def test_build_for_the_cpu_is_from_an_index_for_nothing_else(render, manager):
    tools = tools_of(render(model_backend="torch", package_manager=manager))
    assert MEANS[manager].items() <= tools[manager].items()
    assert not [other for other in {*REQUIREMENTS} - {manager} if other in tools]


@pytest.mark.parametrize("manager", REQUIREMENTS)
def test_build_for_cuda_is_from_the_default_index(render, manager):
    project = render(model_backend="torch", package_manager=manager, torch_build="cuda")
    assert not [name for name, text in files(project).items() if INDEX.encode() in text]
    assert not MEANS[manager].keys() & tools_of(project).get(manager, {}).keys()


def test_project_without_pytorch_has_nothing_of_it(render):
    for answers in ({}, {"model_backend": "sklearn", "torch_build": "cpu"}):
        texts = b"\n".join(files(render(**answers)).values())
        assert b"pytorch" not in texts
        assert b"torch_build" not in texts


def test_pip_gets_the_same_build(render):
    """As the fallback of the setup, where the manager is missing."""
    setup = render(model_backend="torch") / "scripts/setup_env.sh"
    assert f"--group dev --extra-index-url {INDEX}\n" in setup.read_text("utf-8")


@pytest.fixture
def index(tmp_path):
    """The address of an index that has one wheel, as PyTorch's has many."""
    folder = tmp_path / "index" / "torch"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "torch-2.13.0+cpu-py3-none-any.whl", "w") as wheel:
        info = "torch-2.13.0+cpu.dist-info"
        text = "Metadata-Version: 2.1\nName: torch\nVersion: 2.13.0+cpu\n"
        wheel.writestr(f"{info}/METADATA", text)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_uv_locks_the_build_of_that_index_and_all_else_as_before(render, index):
    """By the name of the index, as behind a company's mirror."""
    project = render(model_backend="torch")
    env = environment("uv") | {"UV_INDEX": f"pytorch-cpu={index}"}
    subprocess.run(["uv", "lock"], cwd=project, env=env, check=True)
    locked = tomllib.loads((project / "uv.lock").read_text("utf-8"))["package"]
    found = {package["name"]: package for package in locked}
    assert found["torch"]["version"] == "2.13.0+cpu"
    assert found["torch"]["source"] == {"registry": index}
    assert [name for name in found if found[name]["source"] == {"registry": index}] == ["torch"]
    assert "safetensors" in found


def test_poetry_accepts_the_file(render):
    project = render(model_backend="torch", package_manager="poetry")
    subprocess.run(["poetry", "check"], cwd=project, env=environment("poetry"), check=True)
