"""The page at `/` on which people try the model."""

import re

import pytest

from src.api import playground
from src.core.errors import ConfigError


def with_stylesheet(folder, monkeypatch):
    (folder / "brand.css").write_text(":root { --accent: teal }", "utf-8")
    monkeypatch.setattr(playground, "PROJECT_DIR", folder)
    return {"playground": {"stylesheet": "brand.css"}}


def test_page_loads_nothing_from_elsewhere(client_of):
    answer = client_of().get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "http" not in re.sub(r"http://www\.w3\.org\S*", "", answer.text)


def test_page_has_no_dead_link(client_of):
    client = client_of()
    links = re.findall(r'href="(?!data:)([^"]+)"', client.get("/").text)
    assert {"docs", "redoc"} <= set(links)
    assert [link for link in links if client.get(f"/{link}").status_code != 200] == []
    assert ("metrics" in links) is (client.get("/metrics").status_code == 200)


def test_page_is_no_part_of_the_api(client_of):
    assert "/" not in client_of().get("/openapi.json").json()["paths"]


def test_page_is_sent_again_only_after_a_change(client_of):
    client = client_of()
    first = client.get("/")
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/", headers={"If-None-Match": f"W/{first.headers['etag']}"})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/", headers={"If-None-Match": '"other"'}).status_code == 200


def test_configuration_turns_the_page_off(client_of):
    client = client_of(playground={"enabled": False, "stylesheet": "no_such.css"})
    assert client.get("/").status_code == 404
    assert client.get("/playground.css").status_code == 404


def test_stylesheet_comes_after_the_pages_own_styles(client_of, tmp_path, monkeypatch):
    client = client_of(**with_stylesheet(tmp_path, monkeypatch))
    styles = client.get("/playground.css")
    assert styles.text == ":root { --accent: teal }"
    assert styles.headers["content-type"] == "text/css; charset=utf-8"
    page = client.get("/").text
    assert "playground.css" not in client_of().get("/").text
    assert page.index("</style>") < page.index("playground.css") < page.index("<body>")


def test_page_and_stylesheet_are_read_once(client_of, tmp_path, monkeypatch):
    client = client_of(**with_stylesheet(tmp_path, monkeypatch))
    (tmp_path / "brand.css").unlink()
    monkeypatch.setattr(playground, "PAGE", tmp_path / "none.html")
    assert client.get("/playground.css").status_code == client.get("/").status_code == 200


@pytest.mark.parametrize("content", [None, b"\xff"], ids=["missing", "no text"])
def test_stylesheet_that_cannot_be_read_ends_the_start(client_of, tmp_path, monkeypatch, content):
    configured = with_stylesheet(tmp_path, monkeypatch)
    (tmp_path / "brand.css").unlink()
    if content:
        (tmp_path / "brand.css").write_bytes(content)
    with pytest.raises(ConfigError, match=r"playground\.stylesheet: cannot read .*brand\.css"):
        client_of(**configured)


def test_only_a_css_file_can_be_the_stylesheet(client_of):
    with pytest.raises(ValueError, match="stylesheet"):
        client_of(playground={"stylesheet": ".env"})
