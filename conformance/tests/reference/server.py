"""A server that keeps to the protocol, from the standard library alone."""

import gzip
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from reference.protocol import RejectedError
from reference.routes import Call, reply, serve


def compressing(serve_plain):
    """Wrap a `serve` with compression of requests and replies."""

    def serve_compressed(call):
        try:
            call.body = decompress(call.body, call.headers.get("content-encoding"))
        except RejectedError as exc:
            return reply({"error": str(exc)}, exc.status, exc.kind)
        response = serve_plain(call)
        accepted = call.headers.get("accept-encoding", "")
        for coding, compress in (("gzip", gzip.compress), ("deflate", zlib.compress)):
            if coding in accepted and response.status == 200:  # Triton's client wants errors plain
                response.headers["content-encoding"] = coding
                response.body = compress(response.body)
                break
        return response

    return serve_compressed


def decompress(body, coding):
    decoders = {None: bytes, "gzip": gzip.decompress, "deflate": zlib.decompress}
    if coding not in decoders:
        raise RejectedError("unknown compression", f"no encoding {coding!r}", 415)
    try:
        return decoders[coding](body)
    except (OSError, EOFError, zlib.error) as exc:
        raise RejectedError("broken compression", f"no {coding}: {exc}") from exc


class Handler(BaseHTTPRequestHandler):
    """Pass requests to the server's `serve`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        response = self.server.serve(Call(self.command, self.path, headers, body))
        self.send_response(response.status)
        for name, value in (response.headers | {"content-length": str(len(response.body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_):
        """Log nothing."""


class Server(ThreadingHTTPServer):
    """The reference server, with or without a fault."""

    daemon_threads = True

    def handle_error(self, *_):
        """Log nothing: clients may close connections at any time."""

    request_queue_size = 128

    def __init__(self, fault=None, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        inner = fault.inner(serve) if fault else serve
        outer = compressing(inner)
        self.serve = fault.outer(outer) if fault else outer
        self.url = f"http://127.0.0.1:{self.server_port}"
