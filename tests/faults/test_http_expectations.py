"""Rows 40, 43, 44 and 47: what browsers, balancers and proxies expect of HTTP."""

import shutil
import subprocess
import time

import pytest

from tools.service import running

from .client import JSON, Answer, Client, ask, get, head, post_bytes
from .process import wait_for

ORIGIN = "https://shop.example"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
OWN_ROUTES = """
from fastapi import APIRouter, WebSocket

router = APIRouter()
calls = []


@router.get("/own")
async def own() -> dict[str, int]:
    calls.append(1)
    return {"calls": len(calls)}


@router.head("/own-head")
async def own_head() -> None:
    calls.append(1)


@router.get("/fails")
async def fails() -> None:
    raise RuntimeError("on purpose")


@router.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
"""
V2 = "/v2/models/dummy_classifier"
INFER = b'{"inputs": [{"name": "input", "shape": [1], "datatype": "BYTES", "data": ["good"]}]}'


@pytest.fixture(scope="module")
def own_project(project, tmp_path_factory):
    """A project with routes of its user's, one for a WebSocket."""
    folder = shutil.copytree(project, tmp_path_factory.mktemp("own") / "project")
    (folder / "src/api/own.py").write_text(OWN_ROUTES)
    return folder


@pytest.fixture(scope="module")
def own(own_project, command, variables, tmp_path_factory):
    env = variables(CORS_ORIGINS=ORIGIN, LOG_INPUTS="false", LOG_LEVEL="DEBUG", KEEP_ALIVE_S=1)
    log = tmp_path_factory.mktemp("service") / "log"
    with running(command, cwd=own_project, env=env, log=log) as service:
        yield service


def ask_head(service, path: str) -> Answer:
    """Send a HEAD request; a body would be read as the next response."""
    with Client(service) as client:
        client.send(head("HEAD", path) + head("GET", "/health", connection="close"))
        data = b""
        while chunk := client.socket.recv(100_000):
            data += chunk
    top, _, rest = data.partition(b"\r\n\r\n")
    assert rest.startswith(b"HTTP/1.1 200"), rest[:100]
    first, *lines = top.decode("latin-1").split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    return Answer(int(first.split()[1]), headers, b"")


@pytest.mark.row(47)
@pytest.mark.parametrize(
    "path",
    f"""/ /health /ready /info /docs /redoc /openapi.json /metrics /v2 {V2} {V2}/ready
    /v2/health/live /static-offline-docs/redoc.standalone.js /nope""".split(),
)
def test_head_is_answered_like_get_without_a_body(own, path):
    answer, whole = ask_head(own, path), get(own, path)
    changing = {
        "date",
        "x-request-id",
        *(["content-length"] if path in {"/metrics", "/nope"} else []),
    }
    assert answer.status == whole.status
    names = {*answer.headers, *whole.headers} - changing
    assert {n: answer.headers.get(n) for n in names} == {n: whole.headers.get(n) for n in names}


@pytest.mark.row(47)
def test_head_runs_the_users_own_routes_once(own):
    before = get(own, "/own").json()["calls"]
    answer = ask_head(own, "/own")
    assert (answer.status, answer.headers["content-length"]) == (200, str(len(b'{"calls":1}')))
    assert ask_head(own, "/own-head").status == 200
    assert get(own, "/own").json()["calls"] == before + 3
    assert ask_head(own, "/predict").status == 405
    assert ask(own, head("OPTIONS", "/own")).status == 405


@pytest.mark.row(47)
def test_idle_connection_is_kept_as_long_as_set(own, text):
    started = time.monotonic()
    with Client(own) as short, Client(text) as long:
        for client in (short, long):
            client.send(head("GET", "/health"))
            assert client.answer().status == 200
        assert short.is_closed(10)
        assert time.monotonic() - started > 0.9
        wait_for(lambda: time.monotonic() - started > 6, 10)  # Uvicorn's own: 5 s
        long.send(head("GET", "/health"))
        assert long.answer().status == 200


@pytest.mark.row(47)
def test_setting_holds_for_uvicorn_too(project, commands, variables, tmp_path):
    command = [str(commands / "uvicorn"), "src.main:app", "--port", "0"]
    env = variables(KEEP_ALIVE_S=1)
    with (
        running(command, cwd=project, env=env, log=tmp_path / "log") as service,
        Client(service) as client,
    ):
        client.send(head("GET", "/health"))
        assert client.answer().status == 200
        assert client.is_closed(4)


@pytest.mark.row(43)
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (head("GET", "/fails", origin=ORIGIN), 500),
        (head("GET", "/nope", origin=ORIGIN), 404),
        (post_bytes("/predict", b"", content_length=99_999_999, origin=ORIGIN), 413),
        (head("GET", "/health", origin=ORIGIN, x="y" * 70_000), 431),
        (post_bytes("/predict", b"{", content_type="text/plain", origin=ORIGIN), 415),
    ],
    ids=["500", "404", "413", "431", "415"],
)
def test_pages_of_other_origins_can_read_every_error(own, data, status):
    answer = ask(own, data)
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    exposed = answer.headers["access-control-expose-headers"].lower()
    assert {"x-request-id", "x-model-name", "x-model-version", "retry-after"} == {
        name.strip() for name in exposed.split(",")
    }
    assert answer.headers["x-request-id"]


@pytest.mark.row(43)
def test_preflight_has_a_request_id_too(own):
    answer = ask(
        own, head("OPTIONS", "/predict", origin=ORIGIN, access_control_request_method="POST")
    )
    assert answer.status == 200
    assert answer.headers["x-request-id"]


@pytest.mark.row(40)
@pytest.mark.parametrize("path", ["/socket", "/nope"])
def test_websocket_logs_no_query_and_no_message(own, path):
    handshake = {"connection": "upgrade", "upgrade": "websocket", "sec_websocket_key": KEY}
    with Client(own) as client:
        start = head("GET", f"{path}?input=s3cr3t", sec_websocket_version=13, **handshake)
        client.send(start.replace(b"_", b"-"))
        first = client.socket.recv(10_000)
        assert first.startswith(b"HTTP/1.1 101 " if path == "/socket" else b"HTTP/1.1 403 ")
        if path == "/socket":
            client.send(b"\x81\x86\0\0\0\0s3cr3t")
            assert client.socket.recv(100).endswith(b"s3cr3t")
    assert get(own, "/health").status == 200
    text = own.log.read_text("utf-8")
    assert "s3cr3t" not in text
    assert "WebSocket /" not in text, "that is a line of the access log"


@pytest.mark.row(40)
@pytest.mark.parametrize("more", [{"content_length": 100}, {"bad": "x" * 9000}, {}])
def test_handshake_that_is_none_is_no_websocket(own, more):
    with Client(own) as client:
        client.send(head("GET", "/own", connection="upgrade", upgrade="websocket", **more))
        assert client.answer().status == 200


@pytest.mark.row(43)
def test_slash_too_many_redirects_nowhere(text):
    answer = ask(
        text, post_bytes("/predict/", b"{}").replace(b"host: faults", b"host: evil.example")
    )
    assert answer.status == 404
    assert "location" not in answer.headers


@pytest.mark.row(43)
@pytest.mark.parametrize("path", [f"{V2}/infer", f"{V2}/generate", "/v2/repository/index"])
@pytest.mark.parametrize(
    ("kind", "origin", "is_taken"),
    [
        (JSON, ORIGIN, True),
        ("application/json; charset=utf-8", None, True),
        (None, None, True),
        (None, ORIGIN, False),
        ("text/plain", None, False),
        ("text/plain;x=application/json", None, False),
        ("application/x-www-form-urlencoded", None, False),
        ("multipart/form-data; boundary=x", None, False),
        ("application/octet-stream", None, False),
    ],
)
def test_protocol_takes_json_only(text, path, kind, origin, is_taken):
    body = {"infer": INFER, "generate": b'{"text_input": "good"}'}.get(path.split("/")[-1], b"{}")
    given = {"content_type": kind, "origin": origin}
    headers = {name: value for name, value in given.items() if value}
    answer = ask(text, head("POST", path, content_length=len(body), **headers) + body)
    assert answer.status == (200 if is_taken else 415)


@pytest.mark.row(43)
def test_pages_and_scripts_are_neither_framed_nor_guessed(text):
    for path in ("/", "/docs", "/redoc"):
        headers = get(text, path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        headers = get(text, f"/static-offline-docs/{name}").headers
        assert headers["x-content-type-options"] == "nosniff"
    assert "x-content-type-options" not in get(text, "/health").headers


@pytest.mark.row(44)
@pytest.mark.parametrize("arguments", [["src/main.py"], ["-m", "uvicorn", "src.main:app"]])
def test_missing_parser_ends_the_start_with_one_line(own_project, command, variables, arguments):
    """The weaker parser would serve otherwise."""
    hidden = own_project / "hidden"
    hidden.mkdir(exist_ok=True)
    (hidden / "httptools.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'httptools'\")"
    )
    env = {**variables(), "PYTHONPATH": str(hidden), "API_HOST": "127.0.0.1", "API_PORT": "0"}
    done = subprocess.run(
        [command[0], *arguments],
        cwd=own_project,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 78
    assert "httptools" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.row(44)
def test_other_parser_that_is_asked_for_ends_the_start(project, commands, variables):
    command = [commands / "uvicorn", "src.main:app", "--port", "0", "--http", "h11"]
    done = subprocess.run(
        command, cwd=project, env=variables(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 78
    assert "H11Protocol" in done.stdout
    assert "Traceback" not in done.stderr + done.stdout
