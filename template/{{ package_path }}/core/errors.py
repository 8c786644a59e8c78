"""Every error that the service raises on purpose.

ServiceError
├── ConfigError              the configuration or the project is wrong; ends the start
├── InvalidInputError        the model cannot take this input
├── ModelNotReadyError       the model is not loaded, or not any more
├── OverloadedError          there is more to do than can be done in time
└── PredictionError          the model failed
    ├── PredictionTimeoutError   it took longer than `service.timeout`
    └── TransientModelError      it failed in a way that a further attempt may mend

What each means to a client is decided in one place, `api/errors.py`.
"""


class ServiceError(Exception):
    """Base of the service's own errors."""


class ConfigError(ServiceError):
    """The configuration or the project is wrong; the message says where and what is expected."""

    exit_code = 78  # EX_CONFIG of sysexits.h, which Python's `os` lacks on Windows


class InvalidInputError(ServiceError):
    """The model cannot take this input. Models may raise it; the message reaches the client."""


class ModelNotReadyError(ServiceError):
    """The model is not loaded yet, or not any more."""


class OverloadedError(ServiceError):
    """There is more to do than can be done in time; a later attempt may succeed."""


class PredictionError(ServiceError):
    """The model failed; the cause is in the log."""


class PredictionTimeoutError(PredictionError):
    """The prediction took longer than `service.timeout`."""


class TransientModelError(PredictionError):
    """Raised by a model when a further attempt may succeed, such as a remote one."""
