"""Row 16: ambiguous requests, and other protocols."""

import pytest

from .client import Client, get, head


@pytest.mark.row(16)
@pytest.mark.parametrize(
    "data",
    [
        head("POST", "/predict", content_length=5, transfer_encoding="chunked") + b"0\r\n\r\n",
        head("POST", "/predict", transfer_encoding="chunked", content_length=5) + b"0\r\n\r\n",
        head("POST", "/predict", content_length=-5),
        head("POST", "/predict", content_length="5, 5") + b"12345",
        head("POST", "/predict", content_length="1" * 30),
        head("POST", "/predict", content_length="0x5") + b"12345",
        head("POST", "/predict", content_length=5)[:-2] + b"Content-Length: 6\r\n\r\n12345",
        head("POST", "/predict", transfer_encoding="chunked") + b"-1\r\n",
        head("POST", "/predict", transfer_encoding="xchunked") + b"0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
        b"GET  /health HTTP/9.9\r\n\r\n",
        b"GET /health HTTP/1.1\r\nhost : x\r\n\r\n",
        b"GET /health HTTP/1.1\r\nx: a\0b\r\n\r\n",
        b"\0" * 100,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=lambda data: repr(data[:90]),
)
def test_what_is_no_http_is_400_and_the_connection_is_closed(text, data):
    with Client(text) as client:
        client.send(data)
        answer = client.answer()
        assert answer.status == 400
        assert len(answer.body) <= 2048
        assert client.is_closed(2)
    assert get(text, "/health").status == 200
