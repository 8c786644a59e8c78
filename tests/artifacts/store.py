"""A real S3 server, and a gate before it that can be closed, held and counted."""

import itertools
import subprocess
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager

from tests.artifacts.server import Server, respond

SCRIPT = """
import sys, threading
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print("port", server.get_host_and_port()[1], flush=True)
sys.stdin.read()  # until the tests end
"""
PASSED = ("Authorization", "If-Match", "X-Amz-Content-SHA256", "X-Amz-Date")
CREDENTIALS = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, Signature=0"
NUMBERS = itertools.count()


@contextmanager
def serve_objects(commands):
    """Run an S3 server; yield its address."""
    process = subprocess.Popen(
        [commands / "python", "-c", SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        port = next(line.split()[1] for line in process.stdout if line.startswith("port "))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stdin.close()
        process.wait(60)


class Store(Server):
    """Passes requests on to the S3 server."""

    def __init__(self, target):
        super().__init__()
        self._target = target
        self.bucket = f"models-{next(NUMBERS)}"
        self.fetched = []  # names of objects
        self.status = None  # of every response, in place of the server's
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.before = lambda _name: None  # is called before an object is sent
        self._put("")

    def __exit__(self, *_):
        self.goes_on.set()
        super().__exit__()

    def put(self, name, content):
        """Store an object; return its address."""
        self._put(f"/{name}", content)
        return f"s3://{self.bucket}/{name}"

    def _put(self, path, content=b""):
        url = f"{self._target}/{self.bucket}{urllib.request.quote(path)}"
        request = urllib.request.Request(url, content, method="PUT")
        request.add_header("Content-Type", "application/octet-stream")
        request.add_header("Authorization", CREDENTIALS)
        urllib.request.urlopen(request).close()

    def handle(self, request):
        """Pass a request on; send the second half of an object when it goes on."""
        if self.status:
            respond(request, self.status)
            return
        name = urllib.request.unquote(request.path).removeprefix(f"/{self.bucket}/")
        is_object = "?" not in request.path and request.command == "GET"
        if is_object:
            self.fetched.append(name)
            self.before(name)
        headers = {name: request.headers[name] for name in PASSED if request.headers[name]}
        try:
            with urllib.request.urlopen(
                urllib.request.Request(self._target + request.path, headers=headers)
            ) as response:
                status, kept, body = response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            status, kept, body = error.code, error.headers, error.read()
        request.send_response(status)
        for header in ("Content-Type", "ETag", "Last-Modified"):
            if kept[header]:
                request.send_header(header, kept[header])
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        half = len(body) // 2 if is_object else 0
        request.wfile.write(body[:half])
        request.wfile.flush()
        if is_object:
            self.goes_on.wait(120)
        request.wfile.write(body[half:])
