"""Forms with a file: broken ones are 4xx, at once, and other requests are served meanwhile."""

import logging
import random
import time

import pytest

from src.api.uploads import form
from src.api.uploads.form import read_file
from tests.engine.suite.uploads.upload_models import FileModel, PictureModel, send_form

HEAD = b'--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n'
TYPE = b"multipart/form-data; boundary=B"


def post(client, body, kind=TYPE):
    return client.post("/predict", content=body, headers={"content-type": kind})


def one(content, head=HEAD):
    return head + b"\r\n" + content + b"\r\n--B--\r\n"


BROKEN = {
    "no boundary": (400, one(b"x"), b"multipart/form-data"),
    "empty boundary": (400, one(b"x"), b"multipart/form-data; boundary="),
    "long boundary": (400, one(b"x"), b"multipart/form-data; boundary=" + b"B" * 300),
    "wrong boundary": (400, one(b"x"), b"multipart/form-data; boundary=C"),
    "empty": (400, b"", TYPE),
    "truncated": (400, one(b"x" * 1000)[:-20], TYPE),
    "truncated header": (400, HEAD[:-20], TYPE),
    "not a form": (400, b"\x89PNG\r\n\x1a\n", TYPE),
    "boundaries in the content": (400, one(b"\r\n--Bx" * 900_000), TYPE),
    "10 000 headers": (400, one(b"x", HEAD + b"A: b\r\n" * 10_000), TYPE),
    "endless header": (400, HEAD + b"A: " + b"b" * 5_000_000, TYPE),
    "endless name": (400, HEAD + b"A" * 5_000_000, TYPE),
    "endless padding": (400, one(b"x")[:-4] + b" " * 5_000_000, TYPE),
    "nothing but line ends": (400, b"\r\n" * 2_500_000, TYPE),
    "odd header": (400, one(b"x", HEAD + b"a b\xff: c\r\n"), TYPE),
    "no part": (422, b"--B--\r\n", TYPE),
    "10 000 parts": (422, (HEAD + b"\r\nx\r\n") * 10_000 + b"--B--\r\n", TYPE),
    "two files": (422, HEAD + b"\r\nx\r\n" + one(b"y"), TYPE),
    "no disposition": (422, one(b"x", b"--B\r\nContent-Type: image/png\r\n"), TYPE),
    "no name": (422, one(b"x", b"--B\r\nContent-Disposition: form-data\r\n"), TYPE),
    "other name": (422, one(b"x", HEAD.replace(b'"file"', b'"text"')), TYPE),
    "attachment": (422, one(b"x", HEAD.replace(b"form-data", b"attachment")), TYPE),
    "no file chosen": (422, one(b"", HEAD.replace(b'"x"', b'""')), TYPE),
    "nested": (415, one(b"x", HEAD + b"Content-Type: multipart/mixed; boundary=C\r\n"), TYPE),
    "encoded": (415, one(b"eA==", HEAD + b"Content-Transfer-Encoding: base64\r\n"), TYPE),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_broken_form_is_a_clear_error_at_once(client_of, log, caplog, broken):
    status, body, kind = broken
    model = FileModel()
    client = client_of(model)
    started = time.process_time()
    answer = post(client, body, kind)
    assert time.process_time() - started < 2
    assert answer.status_code == status
    assert answer.json()["title"]
    assert len(answer.content) < 400
    assert model.seen == []
    assert "Traceback" not in log.getvalue()
    assert [r for r in caplog.records if r.name.startswith("python_multipart")] == []


def test_errors_say_what_a_form_must_be(client_of):
    client = client_of(PictureModel())
    two = ("file", b"x", "image/png"), ("file", b"y", "image/png")
    assert "one file, in the field `file`" in send_form(client, *two).json()["detail"]
    answer = post(client, one(b"x"), b"multipart/form-data")
    assert answer.json()["detail"].endswith("Content-Type has no boundary")


def test_part_without_type_or_name_of_a_file_is_taken(client_of):
    client = client_of(PictureModel())
    bare = b'--B\r\ncontent-disposition: form-data; name="file"\r\n'
    assert post(client, one(b"abc", bare)).json() == {"prediction": 3}


def test_field_beside_the_file_is_rejected(client_of):
    answer = send_form(client_of(FileModel()), ("file", b"x", "image/png"), data={"more": "1"})
    assert answer.status_code == 422


def test_content_may_contain_nearly_the_boundary(client_of):
    model = FileModel()
    client = client_of(model)
    content = b"\r\n--" + b"\r\n--A" + b"\r\n-" + b"--B" + b"\r\n--" + b"\r\n"
    assert post(client, one(content)).status_code == 200
    assert model.seen == [content]


def test_file_of_any_content_is_found():
    chance = random.Random(1)
    pieces = [b"\r", b"\n", b"-", b"--", b"\r\n--", b"\r\n--X", b"XY", b"a", b"\0", b" "]
    found = 0
    for _ in range(500):
        content = b"".join(chance.choices(pieces, k=chance.randrange(12)))
        body = one(content).replace(b"--B", b"--XYZ")
        if b"\r\n--XYZ" not in b"\r\n" + content:
            assert read_file(body, TYPE.replace(b"=B", b"=XYZ")) == (content, "")
            found += 1
    assert found > 400


@pytest.mark.parametrize("content", [b"\r\n", b"\r\n--", b"\r\n--A", b"\0", b" \r\n"])
def test_event_loop_is_not_blocked_by_any_content(content):
    body = one(content * (10_000_000 // len(content)))
    started = time.thread_time()
    read_file(body, TYPE)
    assert time.thread_time() - started < 0.25


def test_parser_is_quiet():
    assert not form.QUIET.isEnabledFor(logging.CRITICAL)
