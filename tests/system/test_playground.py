"""The page at `/`, driven in a real browser that reaches nothing but the service."""

import json
from functools import cache
from pathlib import Path

import pytest

from tests.support.pages import blocks
from tests.system.support import CACHE, CHROMIUM_FLAGS, DEAD_PROXY, must, network_events, require
from tools.managers import ROOT, environment
from tools.service import running

HOW_TO = ROOT / "docs/how-to/playground.md"
DRIVER = Path(__file__).with_name("playground.cjs")

TEXT = '''"""A model that gives a text back."""

import time
from typing import ClassVar

from ..core.errors import InvalidInputError
from .base import Model


class EchoModel(Model):
    """A model that returns its input after a while."""

    model_name: ClassVar[str] = "echo"
    version: ClassVar[str] = "1.2.0"
    example: ClassVar[str] = "This is good"

    def predict(self, input_data: str) -> str:
        """Return the input."""
        if input_data == "refuse":
            raise InvalidInputError("The text says that it wants to be refused")
        time.sleep(0.3)
        return input_data
'''
NUMBERS = '''"""A model that estimates prices."""

import time
from typing import ClassVar

from pydantic import BaseModel, Field

from .base import Model


class House(BaseModel):
    """Features of a house."""

    number: int
    rooms: int = Field(ge=1)
    area_m2: float = Field(gt=0)
    heated: bool


class Estimate(BaseModel):
    """A price, and how sure it is."""

    number: int
    price: float
    interval: list[float]


class HouseModel(Model):
    """Estimates the price of a house."""

    model_name: ClassVar[str] = "house_prices"
    version: ClassVar[str] = "2.0.0"
    example: ClassVar[House] = House(number=7, rooms=4, area_m2=92.5, heated=True)

    def predict(self, input_data: House) -> Estimate:
        """Estimate one price."""
        time.sleep(0.3)
        price = 2100 * input_data.area_m2 + 9000 * input_data.rooms
        interval = [price - 20_000, price + 20_000]
        return Estimate(number=input_data.number, price=price, interval=interval)
'''
HOSTILE = "<img src='https://elsewhere.example/x' onerror='document.title = 1'> & <b>bold</b>"
CASES = {
    "text": {
        "source": TEXT,
        "implementation": "echo_model:EchoModel",
        "prefix": "",
        "styles": "",
        "good": HOSTILE,
        "wrong": "refuse",
        "broken": "a text is never broken",
    },
    "numbers": {
        "source": NUMBERS,
        "implementation": "house_model:HouseModel",
        "prefix": "/models/house",
        "styles": next(blocks(HOW_TO.read_text("utf-8"), "css")),
        "good": '{"number": 12345678901234567890, "rooms": 3, "area_m2": 80, "heated": false}',
        "wrong": '{"number": 7, "rooms": 0, "area_m2": "large", "heated": true}',
        "broken": '{"rooms": 3,}',
    },
}


@pytest.fixture(scope="module")
def drive(installed_project, modules, tmp_path_factory):
    """Return a function that drives a browser through a model's page and returns its findings."""
    node = require("node", "apt-get install nodejs npm")
    chromium = require("chromium", "apt-get install chromium")
    screenshots = CACHE / "screenshots"
    screenshots.mkdir(parents=True, exist_ok=True)

    @cache
    def drive_with(name):
        case, folder = CASES[name], tmp_path_factory.mktemp("browser")
        env = environment() | {
            "MODEL__IMPLEMENTATION": case["implementation"],
            "ROOT_PATH": case["prefix"],
            "ENVIRONMENT": "staging",
            "PLAYGROUND__STYLESHEET": str(folder / "brand.css"),
            "NODE_PATH": str(modules),
        }
        (folder / "brand.css").write_text(case["styles"], "utf-8")
        model = installed_project / f"src/models/{case['implementation'].partition(':')[0]}.py"
        model.write_text(case["source"], "utf-8")
        command, log = [installed_project / ".venv/bin/start-server"], folder / "network.json"
        with running(command, cwd=installed_project, env=env, log=folder / "log") as service:
            model.unlink()  # it is loaded; other tests look at the project
            task = {key: case[key] for key in ("prefix", "good", "wrong", "broken")} | {
                "name": name,
                "service": service.url,
                "chromium": chromium,
                "flags": [*CHROMIUM_FLAGS, f"--log-net-log={log}"],
                "screenshots": str(screenshots),
            }
            seen = json.loads(must([node, DRIVER, json.dumps(task)], env=env))
        return {"name": name, **seen, "events": network_events(log)}

    return drive_with


@pytest.fixture(params=CASES)
def seen(request, drive):
    return drive(request.param)


def test_page_shows_what_is_served(seen):
    text = seen["states"]["start"]["text"]
    model, version = {"text": ("echo", "1.2.0"), "numbers": ("house_prices", "2.0.0")}[seen["name"]]
    for shown in (model, version, "ml-service 0.1.0", "staging", "ready"):
        assert shown in text
    assert seen["title"] == f"{model} · ml-service"


def test_everything_is_asked_of_the_service_below_its_prefix(seen):
    address = seen["address"]
    assert {url.removeprefix(address) for url in seen["asked"]} >= {"/info", "/ready", "/predict"}
    outside = {url for url in seen["asked"] if not f"{url}/".startswith(f"{address}/")}
    assert [url for url in outside if not url.startswith("data:")] == []
    connected = {params["address"] for params in seen["events"]["TCP_CONNECT_ATTEMPT"]}
    service = address.split("/")[2]
    assert service in connected
    assert connected <= {service, DEAD_PROXY}


def test_every_link_leads_somewhere(seen):
    paths = {url.removeprefix(seen["address"]): status for url, status in seen["links"]}
    assert paths == dict.fromkeys(["/docs", "/redoc", "/openapi.json", "/metrics"], 200)


def test_keyboard_alone_predicts_the_example(seen):
    assert seen["input has the focus"] == "input"
    assert seen["button has the focus"] == "predict"
    assert seen["result has the focus"] == "PRE"  # a long one scrolls
    assert "request" in seen["states"]["example"]["result"]


def test_button_says_that_it_works(seen):
    assert seen["said"] == ["Predicting…", "Predict"]


def test_times_are_drawn_and_told(seen):
    assert seen["plotted"] > 50
    assert min(seen["bars"]) > 1
    text = seen["states"]["prediction"]["text"]
    for told in ("Predictions: 2,", "Median", "slowest", "last"):
        assert told in text


def test_refused_input_is_explained(seen):
    result = seen["states"]["wrong"]["result"]
    assert "422" in result
    assert "Request " in result


def test_service_that_cannot_be_reached_is_told(seen):
    assert "The service cannot be reached" in seen["states"]["unreachable"]["result"]


def test_state_is_asked_anew(seen):
    for state, told in {
        "start": "ready",
        "gateway": "not ready",
        "unreachable": "unreachable",
    }.items():
        assert f"State\n{told}\n" in seen["states"][state]["text"]


def test_answer_of_a_proxy_in_between_is_told(seen):
    assert "Is there a proxy in between?" in seen["states"]["gateway"]["result"]


def test_nothing_serious_bars_anyone_in_any_look(seen):
    assert len(seen["looks"]) == 16
    for look in seen["looks"]:
        assert (look["serious"], look["tooWide"]) == ([], False), look["name"]
    assert len({look["background"] for look in seen["looks"]}) == 2  # light and dark


def test_browser_has_nothing_to_complain_of(seen):
    refused = "Failed to load resource: the server responded with a status of 422"
    assert [text for text in seen["expected"] if not text.startswith(refused)] == []


def test_text_is_given_and_shown_as_text(drive):
    of_text = drive("text")
    assert of_text["example"] == "This is good"
    assert of_text["states"]["prediction"]["result"].startswith(HOSTILE)
    assert set(of_text["made"]) == {"PRE", "P"}
    assert "wants to be refused" in of_text["states"]["wrong"]["result"]


def test_object_is_given_and_shown_as_json(drive):
    of_numbers = drive("numbers")
    example, result = of_numbers["example"], of_numbers["states"]["prediction"]["result"]
    assert json.loads(example) == {"number": 7, "rooms": 4, "area_m2": 92.5, "heated": True}
    shown = json.loads(result.rpartition("}")[0] + "}")
    assert shown == {
        "number": 12345678901234567890,  # a browser would round it
        "price": 195000.0,
        "interval": [175000.0, 215000.0],
    }
    assert "body.input.rooms" in of_numbers["states"]["wrong"]["result"]
    assert "body.input.area_m2" in of_numbers["states"]["wrong"]["result"]


def test_stylesheet_of_the_how_to_page_changes_the_looks(drive):
    assert [drive(name)["button"] for name in CASES] == ["rgb(43, 89, 195)", "rgb(15, 118, 110)"]


def test_input_that_is_no_json_is_not_sent(drive):
    of_numbers = drive("numbers")
    broken = of_numbers["states"]["broken"]
    assert "This is not JSON: " in broken["invalid"]
    assert broken["result"] == of_numbers["states"]["prediction"]["result"]
    sent = [url for url in of_numbers["asked"] if url.endswith("/predict")]
    assert len(sent) == 5  # the example, the good one, the wrong one, and two in vain
