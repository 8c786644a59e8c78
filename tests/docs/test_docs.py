"""The documentation is correct: links, commands, examples, settings, the contract's tests."""

import re
import subprocess
import sys

import pytest

from tests.support.pages import blocks
from tools.managers import ROOT

CONTRACT = ROOT / "docs/reference/contract.md"


def contract_rows():
    return [line for line in CONTRACT.read_text("utf-8").splitlines() if line.startswith("| ")]


def test_generated_pages_are_what_the_source_says():
    command = [sys.executable, "-m", "docs.generate_reference", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_to_files_lead_somewhere(page):
    text = (ROOT / page).read_text("utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    for link in links:
        assert (ROOT / link).exists(), link


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / page).read_text("utf-8")
        template, _, _ = text.partition("## What you get")
        of_the_service = {"run", "check", "update-template"}
        named = set(re.findall(r"(?:^|`|\w )make ([a-z-]+)", template)) - of_the_service
        assert named <= targets, page


def test_every_promise_of_the_contract_names_a_test_that_exists(render):
    project = render()
    rows = [row for row in contract_rows() if not re.match(r"\| (Statement|---)", row)]
    assert len(rows) >= 80
    for row in rows:
        references = re.findall(r"`([\w/.-]+\.py)::(test_\w+)`", row)
        assert references, row
        for file, name in references:
            homes = [project / file, ROOT / file]
            assert any(
                re.search(rf"^def {name}\(", home.read_text("utf-8"), re.MULTILINE)
                for home in homes
                if home.is_file()
            ), f"{file}::{name}"


def test_every_file_that_the_contract_page_names_exists(render):
    project = render()
    for row in contract_rows():
        for name in re.findall(r"`((?:src|tests|configs|scripts|tools|questions)/[\w/.-]+)`", row):
            assert (project / name).exists() or (ROOT / name).exists(), name


def test_rendered_development_page_lists_every_setting(render):
    project = render()
    text = (project / "DEVELOPMENT.md").read_text("utf-8")
    listed = set(re.findall(r"^\| `([a-z_.]+)` \|", text, re.MULTILINE))
    variables = re.findall(
        r"^# ([A-Z_]+)=", (project / ".env.example").read_text("utf-8"), re.MULTILINE
    )
    of_settings = {*variables} - {"CONFIG_PATH", "SECRETS_DIR"}
    assert listed == {name.lower().replace("__", ".") for name in of_settings}


def test_examples_of_the_rendered_development_page_work(render, tool):
    """The model and the route that it shows, added as it says."""
    project = render()
    model, stream, route, *_ = blocks((project / "DEVELOPMENT.md").read_text("utf-8"), "python")
    (project / "src/models/price_model.py").write_text(model)
    method = "".join(f"    {line}" for line in stream.splitlines(keepends=True))
    (project / "src/api/compare.py").write_text(route)
    check = project / "tests/integration/test_examples.py"
    check.write_text(
        "from src.app import create_app\n"
        "from src.config.settings import Settings\n"
        "def test_model(client_of):\n"
        "    from src.models.price_model import PriceModel\n"
        "    answer = client_of(PriceModel()).post('/predict', json={'input': [3, 85, 1998]})\n"
        "    assert answer.json() == {'prediction': 197460.0}\n"
        "def test_model_is_found_by_its_name():\n"
        "    settings = Settings(model={'implementation': 'price_model:PriceModel'})\n"
        "    assert create_app(settings).state.inference_service.version == '2.0.0'\n"
        "from collections.abc import Iterator\n"
        "from tests.conftest import TextModel\n"
        f"class Streaming(TextModel):\n{method}"
        "def test_stream(client_of):\n"
        "    answer = client_of(Streaming()).post('/predict/stream', json={'input': 'a b'})\n"
        "    parts = [line for line in answer.text.splitlines() if line]\n"
        '    assert parts == [\'data: {"prediction":"a"}\', \'data: {"prediction":"b"}\']\n'
        "def test_route(client_of):\n"
        "    assert client_of().post('/compare?first=a&second=A').json() is True\n"
    )
    assert "4 passed" in tool(project, "pytest", "-q", "tests/integration/test_examples.py")
    tool(project, "pytest", "-q", "-x")
    check.unlink()
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        tool(project, *command)


def test_new_workflow_is_a_new_file(render, tool):
    project = render()
    (project / "src/services/vote_service.py").write_text(
        "from .inference_service import InferenceService\n\n\n"
        "async def vote(service: InferenceService, texts: list[str]) -> str:\n"
        "    results = await service.predict_many(texts)\n"
        "    return max(results, key=results.count)\n"
    )
    (project / "src/api/vote.py").write_text(
        "from fastapi import APIRouter\n\n"
        "from ..services.vote_service import vote\n"
        "from .dependencies import InferenceServiceDep\n\n"
        "router = APIRouter()\n\n\n"
        "@router.post('/vote')\n"
        "async def route(texts: list[str], service: InferenceServiceDep) -> str:\n"
        "    return await vote(service, texts)\n"
    )
    (project / "tests/integration/test_vote.py").write_text(
        "def test_vote(client_of):\n"
        "    assert client_of().post('/vote', json=['a', 'A', 'b']).json() == 'A'\n"
    )
    assert "1 passed" in tool(project, "pytest", "-q", "tests/integration/test_vote.py")
    tool(project, "lint-imports", "--no-cache")


@pytest.mark.parametrize("manager", ["uv", "poetry", "pdm"])
def test_rendered_development_page_has_the_chosen_managers_commands(render, manager):
    text = (render(package_manager=manager) / "DEVELOPMENT.md").read_text("utf-8")
    for command in (
        "start-server",
        "python src/main.py",
        "uvicorn src.main:app --reload",
        "pytest",
    ):
        assert f"`{manager} run {command}`" in text
    assert "On Windows use the commands of the\nsecond column" in text
    assert ("`poetry env activate`" in text) is (manager == "poetry")


def test_model_card_points_to_the_running_version(render):
    text = (render(author_name="Ada") / "MODEL_CARD.md").read_text("utf-8")
    assert "dummy_classifier" in text
    assert "`GET /info`" in text
    assert "| Owner | Ada |" in text


def test_models_of_the_open_inference_page_work(render, tool):
    project = render()
    page = (ROOT / "docs/how-to/open-inference.md").read_text("utf-8")
    for code in blocks(page, "python"):
        if name := re.search(r"^class (\w+)Model\(Model\):", code, re.MULTILINE):
            (project / f"src/models/{name[1].lower()}_model.py").write_text(code)
    check = project / "tests/integration/test_examples.py"
    tensor = {"name": "pixels", "datatype": "UINT8", "shape": [1, 2, 2], "data": [0, 255, 255, 255]}
    check.write_text(
        "from src.models.photo_model import PhotoModel\n"
        "from src.models.word_model import WordModel\n"
        "def test_photo(client_of):\n"
        f"    request = {{'inputs': [{tensor}]}}\n"
        "    answer = client_of(PhotoModel()).post('/v2/models/photo/infer', json=request).json()\n"
        "    assert [output['data'] for output in answer['outputs']] == [['bright'], [0.75]]\n"
        "def test_words(client_of):\n"
        "    request = {'text_input': 'This is good', 'parameters': {'max_words': 2}}\n"
        "    path = '/v2/models/words/generate_stream'\n"
        "    answer = client_of(WordModel()).post(path, json=request)\n"
        "    assert answer.text.count('data: ') == 2\n"
    )
    assert "2 passed" in tool(project, "pytest", "-q", "tests/integration/test_examples.py")
    check.unlink()
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        tool(project, *command)
