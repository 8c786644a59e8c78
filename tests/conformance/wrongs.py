"""Ways to be wrong: each wraps a `serve`, and gives one that is wrong in one place."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from tests.conformance.protocol import LENGTH
from tests.conformance.routes import Reply, reply

Serve = Callable
TRITON = "gevent"


def right(serve):
    return serve


@dataclass(frozen=True)
class Fault:
    """A deliberate wrong, and the statements that it breaks."""

    about: str
    """The statement that it is made for."""
    inner: Callable = right
    """Wraps what sees calls and replies that are not compressed."""
    outer: Callable = right
    """Wraps what sees them as they are sent."""
    also: frozenset[str] = frozenset()
    """Other statements that fall with it."""
    model: str = "echo"
    given: bool = False
    """Whether the suite is given a request."""

    @property
    def breaks(self):
        return {self.about, *self.also}


def path(method, wanted):
    return lambda call: (call.method, call.path) == (method, wanted)


def action(*actions, versioned=None):
    """Calls of these actions of models; with or without a version in the path."""
    return lambda call: (
        call.action in actions and (versioned is None or versioned == ("/versions/" in call.path))
    )


def request(call):
    """The JSON object of a call; empty where it has none."""
    length = call.headers.get(LENGTH)
    try:
        body = json.loads(call.body[: int(length)] if length else call.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def instead(when, make):
    """Give another reply to some calls."""
    return lambda serve: lambda call: make() if when(call) else serve(call)


def status(when, code):
    """Give the right body with another status."""

    def change(answer):
        answer.status = code

    return replies(when, change)


def replies(when, change):
    """Change replies to some calls."""

    def wrap(serve):
        def wrong(call):
            answer = serve(call)
            if when(call):
                change(answer)
            return answer

        return wrong

    return wrap


def body(when, change):
    """Change the JSON object of successful replies to some calls; bytes behind it stay."""

    def changed(answer):
        if answer.status == 200 and not answer.kind:
            length = int(answer.headers.get(LENGTH, len(answer.body)))
            loaded, rest = json.loads(answer.body[:length]), answer.body[length:]
            head = json.dumps(change(loaded) or loaded).encode()
            answer.body = head + rest
            if LENGTH in answer.headers:
                answer.headers[LENGTH] = str(len(head))

    return replies(when, changed)


def outputs(change, *, binary=None):
    """Change each output of answers; of those with or without bytes."""

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


def refusals(kind, make, *actions):
    """Give another reply where the right server refuses for this reason."""

    def wrap(serve):
        def wrong(call):
            answer = serve(call)
            concerned = answer.kind == kind and (not actions or call.action in actions)
            return make(answer) if concerned else answer

        return wrong

    return wrap


def forgive(kind, *actions):
    """Succeed where the right server refuses for this reason."""
    return refusals(kind, lambda _: reply({"model_name": "any", "outputs": []}), *actions)


def error(code=400):
    return reply({"error": "wrong on purpose"}, code)


def crash(answer):
    return Reply(500, answer.body, answer.headers)


def always(_):
    return True


def put(**fields):
    """Give a change of an object: these fields, or none of them where the value is None."""

    def change(loaded):
        for name, value in fields.items():
            if value is None:
                loaded.pop(name, None)
            else:
                loaded[name] = value

    return change
