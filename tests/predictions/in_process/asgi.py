"""Requests as a server passes them on, without one."""

import asyncio


async def post(app, body, path="/predict"):
    """Send a body in chunks; return the status."""
    chunks = [body[start : start + 65_536] for start in range(0, len(body), 65_536)]
    messages = [{"type": "http.request", "body": c, "more_body": True} for c in chunks]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "headers": headers, "http_version": "1.1",
        "scheme": "http", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "asgi": {},
    }  # fmt: skip
    statuses = []

    async def receive():
        if messages:
            return messages.pop(0)
        return await asyncio.Future()

    async def send(message):
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0]
