"""Faulty servers: each function wraps a `serve` and makes it wrong in one place."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from reference.protocol import LENGTH
from reference.routes import Reply, reply

Serve = Callable
TRITON = "gevent"


def right(serve):
    return serve


@dataclass(frozen=True)
class Fault:
    """A deliberate fault and the statements that it breaks."""

    about: str
    """The statement that it is meant to break."""
    inner: Callable = right
    """Wraps the server inside compression."""
    outer: Callable = right
    """Wraps the server outside compression."""
    also: frozenset[str] = frozenset()
    """Other statements that it breaks."""
    model: str = "echo"
    given: bool = False
    """Whether the suite needs `--request`."""

    @property
    def breaks(self):
        return {self.about, *self.also}


def path(method, wanted):
    return lambda call: (call.method, call.path) == (method, wanted)


def action(*actions, versioned=None):
    """Select calls of these actions of models, with or without a version in the path."""
    return lambda call: (
        call.action in actions and (versioned is None or versioned == ("/versions/" in call.path))
    )


def request(call):
    """Return the JSON object of a call; empty if it has none."""
    length = call.headers.get(LENGTH)
    try:
        body = json.loads(call.body[: int(length)] if length else call.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def instead(when, make):
    """Replace the reply to some calls."""
    return lambda serve: lambda call: make() if when(call) else serve(call)


def status(when, code):
    """Replace the status of replies to some calls."""

    def change(response):
        response.status = code

    return replies(when, change)


def replies(when, change):
    """Change replies to some calls."""

    def wrap(serve):
        def wrong(call):
            response = serve(call)
            if when(call):
                change(response)
            return response

        return wrong

    return wrap


def body(when, change):
    """Change the JSON object of successful replies to some calls; bytes behind it stay."""

    def changed(response):
        if response.status == 200 and not response.kind:
            length = int(response.headers.get(LENGTH, len(response.body)))
            loaded, rest = json.loads(response.body[:length]), response.body[length:]
            head = json.dumps(change(loaded) or loaded).encode()
            response.body = head + rest
            if LENGTH in response.headers:
                response.headers[LENGTH] = str(len(head))

    return replies(when, changed)


def outputs(change, *, binary=None):
    """Change each output of responses, or those in binary form, or those in JSON."""

    def change_all(loaded):
        for output in loaded["outputs"]:
            if binary is None or binary == ("data" not in output):
                change(output)

    return body(action("infer"), change_all)


def calls(when, change):
    """Change some calls before they are served."""

    def wrap(serve):
        def wrong(call):
            if when(call):
                change(call)
            return serve(call)

        return wrong

    return wrap


def requests(when, change):
    """Change the JSON object of some calls; bytes behind it stay."""

    def changed(call):
        loaded = request(call)
        if loaded:
            length = int(call.headers.get(LENGTH, len(call.body)))
            rest = call.body[length:]
            head = json.dumps(change(loaded) or loaded).encode()
            call.body = head + rest
            if LENGTH in call.headers:
                call.headers[LENGTH] = str(len(head))

    return calls(when, changed)


def rejections(kind, make, *actions):
    """Replace the reply where the right server rejects for this reason."""

    def wrap(serve):
        def wrong(call):
            response = serve(call)
            concerned = response.kind == kind and (not actions or call.action in actions)
            return make(response) if concerned else response

        return wrong

    return wrap


def forgive(kind, *actions):
    """Succeed where the right server rejects for this reason."""
    return rejections(kind, lambda _: reply({"model_name": "any", "outputs": []}), *actions)


def error(code=400):
    return reply({"error": "wrong on purpose"}, code)


def crash(response):
    return Reply(500, response.body, response.headers)


def always(_):
    return True


def put(**fields):
    """Return a function that sets fields of an object; None deletes one."""

    def change(loaded):
        for name, value in fields.items():
            if value is None:
                loaded.pop(name, None)
            else:
                loaded[name] = value

    return change
