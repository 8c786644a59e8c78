"""Events of predictions and requests."""


class Observer:
    """One method for each event, called by the service and the server; here they do nothing.

    To count events, override methods and assign an object to `service.observer`, as `metrics` does;
    call the methods of the object that was there.
    """

    def on_version(self, version: str) -> None:
        """Count all further events for this version: that of an alias is known late."""

    def on_load(self, times: dict[str, float]) -> None:
        """Record the seconds of the start: `load_s` and, if there is an example, `warm_up_s`."""

    def on_failed_load(self) -> None:
        """Count a version that could not be loaded."""

    def on_share(self, share: float) -> None:
        """Record the share of the requests that this version predicts for, of 1."""

    def on_shadow(self, result: str) -> None:
        """Count a prediction of a shadow, beside that of the response.

        Its result is `same`, `different`, `failed`, or `dropped` if too many are under way.
        """

    def on_prediction(self, seconds: float) -> None:
        """Count a prediction that succeeded, and its time."""

    def on_error(self, kind: str) -> None:
        """Count a prediction that failed, by the class of the error."""

    def on_retry(self) -> None:
        """Count a further attempt after an error."""

    def on_cache(self, result: str) -> None:
        """Count a lookup in the cache: `hit` or `miss`."""

    def on_batch(self, size: int, seconds: float) -> None:
        """Count a batch, its inputs, and the longest wait of one of them."""

    def on_waiting(self, change: int) -> None:
        """Count a request that begins (1) or stops (-1) to wait for the model."""

    def on_rejection(self, reason: str) -> None:
        """Count a request or a connection that was not served, by reason."""

    def on_dropped_lines(self, lines: int) -> None:
        """Count log lines that could not be written."""

    def on_record(self, record: dict[str, object]) -> None:
        """Take a record of a prediction, redacted, in the thread that writes records."""

    def on_recordings(self, result: str, number: int) -> None:
        """Count records: `written`, `skipped` by `recording.redact`, `failed`, or `dropped`."""
