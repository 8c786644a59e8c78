"""The page about pictures: its models in a render, and its commands against a running service."""

import json
import os
import subprocess

import pytest

from tests.support.pages import blocks
from tools.managers import ROOT
from tools.service import running
from tools.template import read_features

PAGE = ROOT / "docs/how-to/image-service.md"
MAKE_PHOTO = "from PIL import Image; Image.new('RGB', (640, 480), 'white').save('photo.jpg')"
SIZE = "from PIL import Image; print(Image.open('thumbnail.png').size)"


@pytest.fixture(scope="module")
def project(render):
    project = render(features=[*read_features()])
    model, method = blocks(PAGE.read_text("utf-8"), "python")
    (project / "src/models/photo_model.py").write_text(model, "utf-8")
    method = "".join(f"    {line}".rstrip() + "\n" for line in method.splitlines())
    head, _, _ = model.partition("    def predict")
    thumbnails = head + method.replace("\n\n\n", "\n\n")
    for before, after in {
        "from typing import Annotated": "from io import BytesIO\nfrom typing import",
        "import, ": "import ",
        "from PIL import ImageStat\nfrom pydantic import BaseModel, Field\n\n": "",
        "PhotoModel": "ThumbnailModel",
    }.items():
        thumbnails = thumbnails.replace(before, after)
    light, photo = thumbnails.index("class Light"), thumbnails.index("class ThumbnailModel")
    thumbnails = thumbnails[:light] + thumbnails[photo:]
    (project / "src/models/thumbnail_model.py").write_text(thumbnails, "utf-8")
    return project


def test_models_of_the_page_are_clean(project, tool):
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        tool(project, *command)


def test_commands_of_the_page_send_the_same_photo(project, commands, tmp_path):
    *_, raw, form, base64, picture = (
        block for block in blocks(PAGE.read_text("utf-8"), "bash") if "curl" in block
    )

    def run(*command):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(commands / "python", "-c", MAKE_PHOTO)
    for model, blocks_of_model in {
        "photo_model:PhotoModel": [raw, form, base64],
        "thumbnail_model:ThumbnailModel": [picture],
    }.items():
        env = {"PATH": os.environ["PATH"], "MODEL__IMPLEMENTATION": model}
        command = [str(commands / "python"), "src/main.py"]
        with running(command, cwd=project, env=env, log=tmp_path / "log") as service:
            address = service.url.removeprefix("http://")
            for block in blocks_of_model:
                code = block.replace("127.0.0.1:8000", address)
                said = run("bash", "-euo", "pipefail", "-c", code)
                if block is not picture:
                    expected = {"width": 640, "height": 480, "brightness": 1.0}
                    assert json.loads(said) == {"prediction": expected}
    assert run(commands / "python", "-c", SIZE) == "(128, 96)\n"
