"""Checks before the first test: the server responds, knows the model and accepts a request."""

from pathlib import Path

from open_inference_conformance.example import Example, candidates, from_file
from open_inference_conformance.subject import Subject
from open_inference_conformance.transport import NoResponseError, Response


class StartError(Exception):
    """The suite cannot run; the message has the reason and what to do."""


def find_example(subject: Subject, file: str) -> Example:
    """Find a request that the model accepts.

    Raises:
        StartError: No server responds, the model is unknown, or no request is accepted.
    """
    try:
        known = subject.get(subject.path())
        if known.status != 200:
            version = f", version {subject.version!r}" if subject.version else ""
            option = "--model and --model-version" if version else "--model"
            raise StartError(
                f"{subject.url} does not know the model {subject.model!r}{version}: "
                f"{subject.path()} returned {known}. Name one that it serves: {option}"
            )
        return _given(subject, file) if file else _made(subject)
    except NoResponseError as exc:
        raise StartError(
            f"No response from {subject.url} ({exc}). Start the server, or name another: --url"
        ) from exc


def _given(subject: Subject, file: str) -> Example:
    try:
        example = from_file(Path(file))
    except ValueError as exc:
        raise StartError(f"--request: {exc}") from exc
    response = subject.post_infer(example.body())
    if response.status != 200:
        raise StartError(f"--request: the model does not accept {file}: {response}")
    return example


def _made(subject: Subject) -> Example:
    response: Response | None = None
    for example in candidates(list(subject.tensors("inputs").values())):
        response = subject.post_infer(example.body())
        if response.status == 200:
            return example
    why = f"the last one got {response}" if response else "the metadata do not describe its inputs"
    raise StartError(
        f"No request could be made up for the model {subject.model!r}; {why}. "
        "Give one that it accepts, in JSON: --request=file.json"
    )
