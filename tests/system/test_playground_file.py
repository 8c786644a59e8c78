"""The page at `/` for a model that takes and returns pictures, driven in a real browser."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from tests.system.support import CHROMIUM_FLAGS, must, require
from tools.managers import environment
from tools.service import running

DRIVER = Path(__file__).with_name("playground_file.cjs")
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAACUAAAAUCAIAAACF2mNcAAAAJUlEQVR4nGM8ISfHQEfARE/LRu0btW/UvlH7Ru0btW/UvmFp"
    "HwCZ6QEshgw3AwAAAABJRU5ErkJggg=="
)  # 37 pixels wide
MODEL = '''"""A model that copies pictures."""

from typing import ClassVar

from .base import Model


class CopyModel(Model):
    """Returns a picture as it is."""

    model_name: ClassVar[str] = "copy"
    version: ClassVar[str] = "1.0.0"
    media_types: ClassVar[tuple[str, ...]] = ("image/png", "image/jpeg")
    output_media_type: ClassVar[str] = "image/png"

    def predict(self, input_data: bytes) -> bytes:
        """Return the input."""
        return input_data
'''


CARD = '''"""A card, as the feature `artifacts` reads it from a file."""


def install(service, _settings):
    service.card = {"license": "MIT", "metrics": {"accuracy": 0.9, "f1": 0.8}}
'''


@pytest.fixture(scope="module")
def seen(installed_project, modules, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    (folder / "picture.png").write_bytes(b64decode(PICTURE))
    model = installed_project / "src/models/copy_model.py"
    model.write_text(MODEL, "utf-8")
    card = installed_project / "src/services/card_of_copy.py"
    card.write_text(CARD, "utf-8")
    env = environment() | {"MODEL__IMPLEMENTATION": "copy_model:CopyModel"}
    command = [installed_project / ".venv/bin/start-server"]
    with running(command, cwd=installed_project, env=env, log=folder / "log") as service:
        model.unlink()  # they are loaded; other tests look at the project
        card.unlink()
        task = {
            "service": service.url,
            "chromium": require("chromium", "apt-get install chromium"),
            "flags": CHROMIUM_FLAGS,
            "picture": str(folder / "picture.png"),
            "prediction": "img",
        }
        node = require("node", "apt-get install nodejs npm")
        driven = must([node, DRIVER, json.dumps(task)], env=env | {"NODE_PATH": str(modules)})
    return {"service": service.url, **json.loads(driven)}


def test_model_of_bytes_has_a_field_for_a_file(seen):
    assert seen["label"] == "Input, a file"
    assert seen["accept"] == "image/png,image/jpeg"
    assert (seen["field"], seen["focus"]) == ("none", "file")


def test_card_of_the_model_is_shown(seen):
    assert seen["card"] == ["license: MIT", 'metrics: { "accuracy": 0.9, "f1": 0.8 }']


def test_missing_file_is_told(seen):
    assert seen["without"] == "Choose a file."


def test_picture_is_shown_before_and_after_its_prediction(seen):
    assert (seen["chosen"], seen["predicted"]) == (37, 37)
    assert "copy 1.0.0, request" in seen["result"]


def test_page_with_pictures_is_accessible_and_loads_nothing_from_elsewhere(seen):
    assert (seen["serious"], seen["complaints"]) == ([], [])
    own = (f"{seen['service']}/", "data:", f"blob:{seen['service']}/")
    assert [url for url in seen["asked"] if not url.startswith(own)] == []
