"""Upgrades of HTTP/1.1: accepted for a WebSocket route of the app, declined otherwise."""

from typing import Any

import httptools
from starlette.routing import Mount, WebSocketRoute
from starlette.staticfiles import StaticFiles

OFFERS = {b"upgrade", b"http2-settings"}
OF_A_BODY = {b"content-length", b"transfer-encoding"}


def feed(protocol: Any, data: bytes) -> None:
    """Feed bytes to the parser of a protocol; keep the body of a request with a declined upgrade.

    Raises:
        HttpParserError: The bytes are not HTTP.
    """
    rest: bytes | memoryview = data
    while rest:
        try:
            protocol.parser.feed_data(rest)
            rest = b""
        except httptools.HttpParserUpgrade as offer:
            rest = memoryview(rest)[offer.args[0] :]
            if is_handshake(protocol):
                protocol.handle_websocket_upgrade()
                return
            # The parser stops at an upgrade, so a new one parses the request again.
            head = _without_offer(protocol)
            protocol.parser = _create_parser(protocol)
            protocol.parser.feed_data(head)


def is_handshake(protocol: Any) -> bool:
    """Return whether an upgrade is a WebSocket handshake that the app may accept."""
    names = {name for name, _ in protocol.headers}
    return bool(
        b"sec-websocket-key" in names
        and not names & OF_A_BODY
        and protocol.ws_protocol_class
        and protocol.parser.get_method() == b"GET"
        and (b"upgrade", b"websocket") in [(n, v.lower()) for n, v in protocol.headers]
    )


def takes_websockets(route: Any) -> bool:
    """Return whether a route, or one of those below it, may accept a WebSocket."""
    below = getattr(getattr(route, "original_router", route), "routes", None) or []
    if isinstance(route, Mount) and not below:  # any app may be there
        return not isinstance(route.app, StaticFiles)
    return isinstance(route, WebSocketRoute) or any(map(takes_websockets, below))


def _without_offer(protocol: Any) -> bytes:
    """Return the head of a request without its upgrade headers."""
    parser = protocol.parser
    start = (parser.get_method(), protocol.url, parser.get_http_version().encode())
    lines = [b"%s %s HTTP/%s" % start]
    for name, value in protocol.headers:
        if name == b"connection":
            tokens = [token.strip() for token in value.split(b",")]
            kept = b", ".join(token for token in tokens if token.lower() not in OFFERS)
            lines.append(b"connection: " + kept)
        elif name not in OFFERS:
            lines.append(name + b": " + value)
    return b"\r\n".join([*lines, b"", b""])


def _create_parser(protocol: Any) -> Any:
    """Return a parser as Uvicorn creates it."""
    parser = httptools.HttpRequestParser(protocol)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser
