"""Errors of an upstream, as errors of the service."""

from typing import Any

from ...core.errors import (
    InvalidInputError,
    ModelNotReadyError,
    PredictionError,
    PredictionTimeoutError,
    ServiceError,
    TransientModelError,
)

INVALID, BUSY = {400, 413, 422}, 429
ONCE_MORE = {408, 409, 425}  # and 500 or more
SETTINGS = {401: "api_key", 403: "api_key", 404: "model"}
LONGEST_TEXT = 300
NO_COMPLETION = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class UpstreamUnavailableError(ModelNotReadyError):
    """The upstream takes no request for a while, so that further attempts are useless."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("The upstream of the model is not available")
        self.retry_after_s = retry_after_s


class UpstreamBusyError(TransientModelError):
    """The upstream is alive, but has too many requests."""


class UpstreamError(PredictionError):
    """The upstream rejects this service, or responds with something else."""

    def __init__(self, reason: str, *, is_failure: bool = False) -> None:
        super().__init__("The upstream of the model failed")
        self.reason = reason
        """The setting to look at, and what the upstream responded; not for clients."""
        self.is_failure = is_failure
        """Whether the upstream itself seems broken."""


def is_failure(error: BaseException) -> bool:
    """Return whether an error means that the upstream is down or broken."""
    if isinstance(error, UpstreamError):
        return error.is_failure
    kinds = TransientModelError | PredictionTimeoutError
    return isinstance(error, kinds) and not isinstance(error, UpstreamBusyError)


def explain(exc: Exception, url: str) -> ServiceError:
    """Return an exception of the client, or of reading its result, as an error of the service."""
    import openai

    if isinstance(exc, ServiceError):
        return exc
    if isinstance(exc, openai.APITimeoutError):
        return PredictionTimeoutError("The upstream of the model did not respond in time")
    if isinstance(exc, openai.APIStatusError):
        return _explain_status(exc.status_code, url, _text(exc))
    if isinstance(exc, openai.APIError):  # no connection, or an error within a stream
        return TransientModelError(f"{url}: {_text(exc.__cause__ or exc)}")
    if isinstance(exc, NO_COMPLETION):
        problem = f"{url} did not respond as the API of OpenAI does"
        return UpstreamError(f"model.options.base_url: {problem}: {_text(exc)}", is_failure=True)
    raise exc


def _explain_status(status: int, url: str, told: str) -> ServiceError:
    if status in INVALID:
        return InvalidInputError(told)
    text = f"{url} responded {status}: {told}"
    if status == BUSY:
        return UpstreamBusyError(text)
    if status in ONCE_MORE or status >= 500:
        return TransientModelError(text)
    return UpstreamError(f"model.options.{SETTINGS.get(status, 'base_url')}: {text}")


def _text(exc: BaseException) -> str:
    """Return the message of an error, without the page that a proxy may send."""
    body: Any = getattr(exc, "body", None)
    told = body.get("message") if isinstance(body, dict) else None
    text = str(told or exc) or type(exc).__name__
    return " ".join(text.split())[:LONGEST_TEXT]
