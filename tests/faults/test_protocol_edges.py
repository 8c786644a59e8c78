"""Rows 45 and 47: below HTTP as the app sees it. One response to one request, always."""

import http.client
import io

import pytest

from .client import JSON, Answer, Client, post_bytes

BODY = b'{"input": "good"}'
TRAP = b'{"input": "good\\u000aGET /trap HTTP/1.1\\u000a"}'
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nhost: faults\r\n\r\n"
LAST = b"GET /health HTTP/1.1\r\nhost: faults\r\nconnection: close\r\n\r\n"
SETTINGS = "AAMAAABkAARAAAAAAAIAAAAA"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
OFFERS = {
    "h2c as Java sends it": [
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", SETTINGS),
    ],
    "h2c without settings": [("Upgrade", "h2c"), ("Connection", "upgrade")],
    "odd case": [("UPGRADE", "H2C"), ("cOnNeCtIoN", "keep-alive,uPgRaDe")],
    "two headers": [("Connection", "keep-alive"), ("Connection", "Upgrade"), ("Upgrade", "h2c")],
    "unknown": [("Connection", "Upgrade"), ("Upgrade", "quic/9, h2c, websocket")],
    "websocket": [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Version", "13"),
    ],
    "broken websocket": [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("a{b", "c")],
    "no offer": [("Upgrade", "h2c")],
}


@pytest.fixture(scope="module", params=["production", "minimal"])
def service(request, serve, serve_minimal):
    start = serve if request.param == "production" else serve_minimal
    with start() as running:
        yield running


def offering(
    offer: str, body: bytes, *, chunked: bool = False, **more: object
) -> tuple[bytes, bytes]:
    """Return head and body of a request that offers an upgrade."""
    framing = [("Transfer-Encoding", "chunked")] if chunked else [("Content-Length", len(body))]
    headers = [("Host", "faults"), *OFFERS[offer], ("Content-Type", JSON), *framing, *more.items()]
    lines = [f"{name}: {value}" for name, value in headers]
    start = "\r\n".join(["POST /predict HTTP/1.1", *lines, "", ""]).encode()
    return start, chunks(body) if chunked else body


def chunks(body: bytes, trailers: bytes = b"") -> bytes:
    half = len(body) // 2
    parts = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:])]
    return b"".join([*parts, b"0\r\n", trailers, b"\r\n"])


def exchange(service, *packets: bytes, pause: float = 0.03) -> list[Answer]:
    """Send packets one by one; return all responses until the service closes the connection."""
    with Client(service) as client:
        client.socket.setsockopt(6, 1, 1)  # TCP_NODELAY
        received = b""
        for packet in packets:
            client.send(packet)
            client.socket.settimeout(pause)
            received += read(client, 1)
        client.socket.settimeout(10)
        return answers(received + read(client))


def read(client: Client, times: int = 10_000) -> bytes:
    data = b""
    for _ in range(times):
        try:
            chunk = client.socket.recv(1_000_000)
        except (TimeoutError, ConnectionResetError):
            break
        data += chunk
        if not chunk:
            break
    return data


def answers(data: bytes, method: str = "POST") -> list[Answer]:
    """Split received bytes into responses; anything else is an error."""
    found, stream = [], io.BytesIO(data)

    class Connection:
        def makefile(self, _: str) -> io.BufferedIOBase:
            return Unclosed(stream)

    while stream.tell() < len(data):
        answer = http.client.HTTPResponse(Connection(), method=method)
        answer.begin()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        found.append(Answer(answer.status, headers, answer.read()))
    return found


class Unclosed(io.BufferedReader):
    """A reader that reads no more than the size given, and stays open."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream, 1)
        self.stream = stream
        self.read, self.readline = stream.read, stream.readline  # type: ignore[method-assign]
        self.readinto = stream.readinto  # type: ignore[method-assign]

    def close(self) -> None:
        pass


def seen(found: list[Answer]) -> list[tuple[int, bytes]]:
    return [(answer.status, answer.body) for answer in found]


FINE = [(200, b'{"prediction":"positive"}'), (200, b'{"status":"ok"}')]


@pytest.mark.row(45)
@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("way", ["one packet", "head and body", "byte by byte", "body in two"])
def test_offer_of_another_protocol_is_ignored_and_the_body_is_read(service, offer, chunked, way):
    top, body = offering(offer, BODY, chunked=chunked)
    if way == "one packet":
        packets = [top + body + LAST]
    elif way == "head and body":
        packets = [top, body, LAST]
    elif way == "body in two":
        packets = [top[:-1], top[-1:] + body[:3], body[3:] + LAST]
    else:
        whole = top + body + LAST
        packets = [whole[n : n + 1] for n in range(len(whole))]
    found = exchange(service, *packets, pause=0.0001 if way == "byte by byte" else 0.03)
    if offer == "broken websocket":
        assert [answer.status for answer in found] == [400]
    else:
        assert seen(found) == FINE


@pytest.mark.row(45)
@pytest.mark.parametrize("offer", ["h2c as Java sends it", "websocket"])
def test_body_after_an_offer_is_no_further_request(service, offer):
    top, _ = offering(offer, SMUGGLED)
    found = exchange(service, top, SMUGGLED, LAST)
    assert [answer.status for answer in found] == [422, 200]


@pytest.mark.row(45)
def test_offers_one_after_the_other_in_one_packet(service):
    both = b"".join(offering("h2c as Java sends it", BODY))
    plain = post_bytes("/predict", BODY)
    found = exchange(service, (both + plain) * 20 + LAST)
    assert seen(found) == [*FINE[:1] * 40, FINE[1]]


@pytest.mark.row(45)
def test_offer_while_an_answer_is_on_its_way(serve):
    with serve("slow_model:Slow") as service:
        first = post_bytes("/predict", b'{"input": "0.3"}')
        top, body = offering("h2c without settings", b'{"input": "0"}')
        found = exchange(service, first + top, body, LAST)
        assert [answer.status for answer in found] == [200, 200, 200]


@pytest.mark.row(45)
def test_offer_with_an_expectation_gets_its_continue(service):
    top, body = offering("h2c as Java sends it", BODY, Expect="100-continue")
    with Client(service) as client:
        client.send(top)
        assert client.socket.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(body)
        assert client.answer().body == FINE[0][1]


@pytest.mark.row(45)
def test_get_with_an_offer_is_answered_and_reaches_no_websocket(service):
    top = b"GET /predict?input=s3cr3t HTTP/1.1\r\nhost: faults\r\nconnection: upgrade\r\n"
    top += f"upgrade: websocket\r\nsec-websocket-key: {KEY}\r\n".encode()
    top += b"sec-websocket-version: 13\r\n\r\n"
    assert [answer.status for answer in exchange(service, top, LAST)] == [405, 200]
    assert "s3cr3t" not in service.log.read_text("utf-8")


@pytest.mark.row(45)
@pytest.mark.parametrize("target", ["example.com:443", "/predict", "http://example.com/"])
def test_tunnel_is_refused_and_the_connection_closed(service, target):
    start = f"CONNECT {target} HTTP/1.1\r\nhost: example.com:443\r\n\r\n".encode()
    assert [answer.status for answer in exchange(service, start + SMUGGLED)] == [400]


@pytest.mark.row(43)
@pytest.mark.parametrize("hosts", [[], ["a", "b"], ["faults", "faults"]], ids=repr)
def test_request_names_one_host(service, hosts):
    lines = [b"host: " + host.encode() + b"\r\n" for host in hosts]
    start = b"GET /health HTTP/1.1\r\n" + b"".join(lines) + b"\r\n"
    assert [answer.status for answer in exchange(service, start + LAST)] == [400]


@pytest.mark.row(47)
def test_http_1_0_needs_no_host_and_is_closed(service):
    found = exchange(service, b"GET /health HTTP/1.0\r\n\r\n")
    assert seen(found) == FINE[1:]
    assert found[0].headers["connection"] == "close"


@pytest.mark.row(43)
def test_trailers_are_no_headers_and_count_like_them(service):
    top, _ = offering("no offer", BODY, chunked=True)
    forged = b"x-request-id: forged\r\n"
    (first, _) = exchange(service, top + chunks(BODY, forged) + LAST)
    assert first.headers["x-request-id"] != "forged"
    many = b"".join(b"x-%d: yyyyyyyyyy\r\n" % n for n in range(14_000))
    with Client(service) as client:
        client.send(top + chunks(BODY, many) + LAST)
        assert [answer.status for answer in answers(read(client))] in ([431], [])


@pytest.mark.row(45)
@pytest.mark.parametrize(
    "broken", [b"GET / HTTP/9.9\r\n\r\n", b"GET /health HTTP/1.1\r\n\r\n", b"\0" * 200]
)
def test_what_is_broken_behind_a_request_takes_not_its_answer(serve, broken):
    with serve("slow_model:Slow") as service:
        found = exchange(service, post_bytes("/predict", b'{"input": "0.3"}'), broken)
        assert [answer.status for answer in found] == [200]
