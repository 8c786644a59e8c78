"""A server that is right, in the standard library, and wrong on request: `--fault=name`."""

import argparse
import gzip
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.conformance.faults import FAULTS
from tests.conformance.models import MODELS
from tests.conformance.protocol import RefusedError
from tests.conformance.routes import Call, reply, serve


def compressing(serve_plain):
    """Decompress calls and compress replies."""

    def serve_compressed(call):
        try:
            call.body = decompress(call.body, call.headers.get("content-encoding"))
        except RefusedError as exc:
            return reply({"error": str(exc)}, exc.status, exc.kind)
        answer = serve_plain(call)
        accepted = call.headers.get("accept-encoding", "")
        for coding, compress in (("gzip", gzip.compress), ("deflate", zlib.compress)):
            if coding in accepted and answer.status == 200:  # Triton's client wants errors plain
                answer.headers["content-encoding"] = coding
                answer.body = compress(answer.body)
                break
        return answer

    return serve_compressed


def decompress(body, coding):
    decoders = {None: bytes, "gzip": gzip.decompress, "deflate": zlib.decompress}
    if coding not in decoders:
        raise RefusedError("unknown compression", f"no encoding {coding!r}", 415)
    try:
        return decoders[coding](body)
    except (OSError, EOFError, zlib.error) as exc:
        raise RefusedError("broken compression", f"no {coding}: {exc}") from exc


class Handler(BaseHTTPRequestHandler):
    """Hands calls to the server's `serve`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        answer = self.server.serve(Call(self.command, self.path, headers, body))
        self.send_response(answer.status)
        for name, value in (answer.headers | {"content-length": str(len(answer.body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_):
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """The right server, or one with a fault."""

    daemon_threads = True

    def handle_error(self, *_):
        """Say nothing: clients close connections as they like."""

    request_queue_size = 128

    def __init__(self, fault=None, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        inner = fault.inner(serve) if fault else serve
        outer = compressing(inner)
        self.serve = fault.outer(outer) if fault else outer
        self.url = f"http://127.0.0.1:{self.server_port}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--fault", choices=sorted(FAULTS))
    options = parser.parse_args()
    with Server(FAULTS.get(options.fault), options.port) as server:
        print(f"{server.url} serves {', '.join(MODELS)}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
