"""Before the first test: is there a server, does it know the model, which request does it take."""

from pathlib import Path

from conformance.example import Example, candidates, from_file
from conformance.subject import Subject
from conformance.transport import NoAnswerError, Response


class StartError(Exception):
    """The suite cannot be run; the message says why and what to do."""


def find_example(subject: Subject, file: str) -> Example:
    """Find a request that the model accepts.

    Raises:
        StartError: Nobody answers, the model is unknown, or no request is accepted.
    """
    try:
        known = subject.get(subject.path())
        if known.status != 200:
            version = f", version {subject.version!r}" if subject.version else ""
            option = "MODEL=… VERSION=…" if version else "MODEL=…"
            raise StartError(
                f"{subject.url} does not know the model {subject.model!r}{version}: "
                f"{subject.path()} answers {known}. Name one that it serves: {option}"
            )
        return _given(subject, file) if file else _made(subject)
    except NoAnswerError as exc:
        raise StartError(
            f"No answer from {subject.url} ({exc}). Start the server, or name another: URL=…"
        ) from exc


def _given(subject: Subject, file: str) -> Example:
    try:
        example = from_file(Path(file))
    except ValueError as exc:
        raise StartError(f"REQUEST: {exc}") from exc
    answer = subject.infer(example.body())
    if answer.status != 200:
        raise StartError(f"REQUEST: the model does not accept {file}: {answer}")
    return example


def _made(subject: Subject) -> Example:
    answer: Response | None = None
    for example in candidates(list(subject.tensors("inputs").values())):
        answer = subject.infer(example.body())
        if answer.status == 200:
            return example
    why = f"the last one got {answer}" if answer else "the metadata do not describe its inputs"
    raise StartError(
        f"No request could be made up for the model {subject.model!r}; {why}. "
        "Give one that it accepts, in JSON: REQUEST=file.json"
    )
