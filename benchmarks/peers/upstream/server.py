"""An upstream that takes 50 ms: plain asyncio, so that its own cost is small.

It takes `{"text": …}` and returns `{"result": …}`, the text in capitals.
"""

import asyncio
import json
import re
import sys

SECONDS = 0.05
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """A connection whose client waits for each response before it sends the next request."""

    def connection_made(self, transport):
        """Begin without a request."""
        self.transport, self.buffer = transport, b""

    def data_received(self, data):
        """Respond some time after the whole request is there."""
        self.buffer += data
        head, end, body = self.buffer.partition(b"\r\n\r\n")
        if end and len(body) >= int(LENGTH.search(head)[1]):
            self.buffer = b""
            asyncio.get_running_loop().call_later(SECONDS, self.respond, body)

    def respond(self, body):
        """Write the response."""
        content = json.dumps({"result": json.loads(body)["text"].upper()}).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self.transport.write(head % len(content) + content)


async def main():
    """Serve until the process ends."""
    server = await asyncio.get_running_loop().create_server(
        Connection, "127.0.0.1", int(sys.argv[1]), backlog=1024
    )
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
