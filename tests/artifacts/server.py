"""An HTTP server in a thread, on a free port."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """Serves as long as its block runs; a subclass handles the requests."""

    scheme = "http"

    def __init__(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self):
                server.handle(self)

            do_GET = do_HEAD = handle_any  # noqa: N815

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self._http.server_port}"

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()

    def handle(self, request):
        """Respond to a request."""
        raise NotImplementedError


def respond(request, status, body=b"", **headers):
    """Send a response; without a body for HEAD."""
    request.send_response(status)
    for name, value in {"Content_Length": len(body), **headers}.items():
        request.send_header(name.replace("_", "-"), str(value))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)
