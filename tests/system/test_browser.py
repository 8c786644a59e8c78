"""The documentation pages in a real browser that reaches nothing but the service."""

import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.system.support import CACHE, CHROMIUM_FLAGS, DEAD_PROXY, must, network_events, require
from tools.managers import environment
from tools.service import running

OPERATIONS = ["get /health", "get /ready", "get /info", "post /predict", "post /predict/batch"]


@dataclass
class Page:
    url: str
    document: str
    screenshot: Path
    network: dict[str, list[dict[str, object]]]


@pytest.fixture(scope="module")
def service(installed_project):
    log = installed_project / "service.log"
    command = [installed_project / ".venv/bin/start-server"]
    with running(command, cwd=installed_project, env=environment(), log=log) as service:
        yield service


@pytest.fixture(scope="module", params=["docs", "redoc"])
def page(request, service) -> Page:
    chromium = require("chromium", "apt-get install chromium")
    screenshot = CACHE / "screenshots" / f"{request.param}.png"
    screenshot.parent.mkdir(parents=True, exist_ok=True)
    screenshot.unlink(missing_ok=True)
    with TemporaryDirectory(prefix="chromium-") as folder:
        network = Path(folder, "network.json")
        url = f"{service.url}/{request.param}"
        document = must(
            [
                chromium,
                "--headless",
                *CHROMIUM_FLAGS,
                f"--user-data-dir={folder}/profile",
                f"--proxy-bypass-list=<-loopback>;{service.url.removeprefix('http://')}",
                "--window-size=1280,1600",
                "--virtual-time-budget=20000",
                f"--log-net-log={network}",
                f"--screenshot={screenshot}",
                "--dump-dom",
                url,
            ]
        )
        return Page(url, document, screenshot, network_events(network))


def test_page_shows_every_operation(page):
    text = _visible_text(page.document)
    assert [operation for operation in OPERATIONS if operation not in text] == []


def test_page_is_drawn(page):
    width, height, rows = _pixels(page.screenshot)
    assert (width, height) == (1280, 1600)
    drawn = [row for row in rows if len(set(row)) > 8]
    assert len(drawn) > height / 5


def test_browser_reaches_only_the_service(page):
    connected = {params["address"] for params in page.network["TCP_CONNECT_ATTEMPT"]}
    service = page.url.split("/")[2]
    assert service in connected
    assert connected <= {service, DEAD_PROXY}


def test_page_asks_no_other_host(page):
    origin = page.url.rpartition("/")[0]
    requests = page.network["URL_REQUEST_START_JOB"]
    asked = {str(r["url"]) for r in requests if r["initiator"] == origin}
    assert [url for url in asked if not url.startswith((f"{origin}/", "data:"))] == []
    assert f"{origin}/openapi.json" in asked


def _visible_text(document: str) -> str:
    """Return the text of a document without the breaks that let long paths wrap."""
    text = re.sub(r"(?s)<(script|style)\b.*?</\1>|<wbr>|\u200b", "", document)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).lower()


def _pixels(screenshot: Path) -> tuple[int, int, list[bytes]]:
    """Return width, height and the rows of a PNG; a row of one colour has few distinct bytes."""
    content = screenshot.read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    data, position = b"", 8
    while position < len(content):
        length, kind = struct.unpack(">I4s", content[position : position + 8])
        if kind == b"IDAT":
            data += content[position + 8 : position + 8 + length]
        position += 12 + length
    raw = zlib.decompress(data)
    size = len(raw) // height
    return width, height, [raw[start : start + size] for start in range(0, len(raw), size)]
