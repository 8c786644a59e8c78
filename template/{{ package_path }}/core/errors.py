"""Every error that the service raises on purpose.

ServiceError
├── ConfigError              the configuration or the project is wrong; ends the start
├── InvalidInputError        the model cannot use this input
├── ModelNotReadyError       the model is not loaded, or the service is ending
├── UnknownModelError        there is no such model or version, or it is unloaded
├── OverloadedError          there are more requests than the service can handle in time
└── PredictionError          the model failed
    ├── PredictionTimeoutError   it took longer than `service.timeout`
    └── TransientModelError      it failed, but another attempt may succeed

One module decides the response to each: `api/errors.py`.
"""


class ServiceError(Exception):
    """Base of the service's own errors."""


class ConfigError(ServiceError):
    """The configuration or the project is wrong; the message has the place and what is expected."""

    exit_code = 78  # EX_CONFIG of sysexits.h, which Python's `os` lacks on Windows


class InvalidInputError(ServiceError):
    """The model cannot use this input. Models may raise it; the message reaches the client."""


class ModelNotReadyError(ServiceError):
    """The model is not loaded, or the service is ending."""


class UnknownModelError(ServiceError):
    """There is no such model or version, or it is unloaded."""


class OverloadedError(ServiceError):
    """There are more requests than the service can handle in time; a later one may succeed."""


class PredictionError(ServiceError):
    """The model failed; the cause is in the log."""


class PredictionTimeoutError(PredictionError):
    """The prediction took longer than `service.timeout`."""


class TransientModelError(PredictionError):
    """Raised by a model when a further attempt may succeed, such as a remote one."""
