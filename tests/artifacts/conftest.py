"""Services with artifacts from stores, in an environment with their libraries and an S3 server."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.artifacts.hub import Hub
from tests.artifacts.store import Store, serve_objects
from tools.managers import ROOT, ensure_environment
from tools.service import running

FEATURES = ["hardening", "object_stores", "hugging_face"]
MODEL = '''"""A model that predicts what it has loaded."""

from typing import ClassVar

from .base import Model


class ReadingModel(Model):
    """Return the names and texts of the artifact's files."""

    model_name: ClassVar[str] = "reading"
    version: ClassVar[str] = "1.0.0"
    example: ClassVar[str] = "x"

    def load(self) -> None:
        """Read all files."""
        if self.artifact is None:
            raise ValueError("no artifact")
        folder = self.artifact if self.artifact.is_dir() else self.artifact.parent
        files = sorted(file for file in self.artifact.rglob("*") if file.is_file())
        self.found = {
            file.relative_to(folder).as_posix(): file.read_text("latin-1")
            for file in files or [self.artifact]
        }

    def predict(self, input_data: str) -> dict[str, str]:  # noqa: ARG002
        """Return them."""
        return self.found
'''


@pytest.fixture(scope="session")
def project(render) -> Path:
    """A render with all that fetches, and a model that reads its artifact."""
    project = render(features=FEATURES)
    (project / "src/models/reading_model.py").write_text(MODEL, "utf-8")
    return project


@pytest.fixture(scope="session")
def commands(project) -> Path:
    """The folder of commands of an environment with the stores' libraries and an S3 server."""
    pyproject = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    wanted = [*pyproject["project"]["dependencies"], *pyproject["dependency-groups"]["dev"]]
    requirements = [*wanted, "moto[s3,server]>=5.2,<6"]
    return ensure_environment(ROOT / ".cache" / "artifacts", requirements)


@pytest.fixture
def variables(tmp_path):
    """Variables of a service, whose cache is in a home of its own."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "MODEL__IMPLEMENTATION": "reading_model:ReadingModel",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }


@pytest.fixture
def serve(project, commands, variables, tmp_path):
    """Start a service with an artifact; it is ready unless another path is named."""

    def start(uri, *, ready="/ready", log="service.log", **settings):
        named = {
            (name if name.isupper() else f"MODEL__ARTIFACT__{name.upper()}"): str(value)
            for name, value in {"uri": uri, **settings}.items()
        }
        return running(
            [commands / "python", "src/main.py"],
            cwd=project,
            env={**variables, **named},
            log=tmp_path / log,
            ready=ready,
        )

    return start


@pytest.fixture
def loaded(serve):
    """Start a service with an artifact; return what its model has loaded."""

    def load(uri, **settings):
        with serve(uri, **settings) as service:
            status, body, _ = service.request("/predict", {"input": "x"})
            assert status == 200
            return body["prediction"]

    return load


@pytest.fixture
def rejected(project, commands, variables):
    """Start a service that ends by itself with code 78; return the one line that says why."""

    def start(uri, **settings):
        named = {
            (name if name.isupper() else f"MODEL__ARTIFACT__{name.upper()}"): str(value)
            for name, value in {"uri": uri, **settings}.items()
        }
        done = subprocess.run(
            [commands / "python", "src/main.py"],
            cwd=project,
            env={**variables, "API_HOST": "127.0.0.1", "API_PORT": "0", **named},
            capture_output=True,
            text=True,
            timeout=120,
        )
        output = done.stdout + done.stderr
        assert done.returncode == 78, output
        assert "Traceback" not in output
        found = re.findall(
            r"(?:CRITICAL - .*?|Configuration error:\n.*?)(model\.artifact.*)", output
        )
        assert len(found) == 1, output
        return found[0]

    return start


@pytest.fixture(scope="session")
def objects(commands):
    """An S3 server."""
    with serve_objects(commands) as url:
        yield url


@pytest.fixture
def store(objects, variables):
    """A gate before the S3 server, with a new bucket."""
    with Store(objects) as store:
        variables["AWS_ENDPOINT_URL"] = store.url
        yield store


@pytest.fixture
def hub(variables):
    """A copy of the Hugging Face Hub, with one repository."""
    with Hub() as hub:
        variables["HF_ENDPOINT"] = hub.url
        yield hub
