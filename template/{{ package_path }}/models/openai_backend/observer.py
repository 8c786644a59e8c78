"""Events of an upstream."""


class UpstreamObserver:
    """One method for each event; here they do nothing, `metrics` overrides them."""

    def on_tokens(self, kind: str, tokens: int) -> None:
        """Count the tokens of a request, `prompt`, or of its result, `completion`."""

    def on_breaker(self, *, is_open: bool) -> None:
        """Record that the breaker opens or closes."""
