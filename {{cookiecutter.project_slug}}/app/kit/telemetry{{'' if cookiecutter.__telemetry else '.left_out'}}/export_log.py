"""The log of exports: one sentence a minute, however long a collector is away."""

import logging
from time import monotonic

INTERVAL = 60.0
"""Seconds between two lines of one exporter."""

logger = logging.getLogger(__name__)


class Seldom(logging.Handler):
    """Logs what the SDK says as our own, and of each of its loggers at most once per INTERVAL."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._last: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        now = monotonic()
        if now - self._last.get(record.name, -INTERVAL) >= INTERVAL:
            self._last[record.name] = now
            logger.warning(
                "%s (from %s, at most once a minute)",
                " ".join(record.getMessage().split()),
                record.name,
            )


def limit_log() -> None:
    """Let the SDK log through `Seldom` only."""
    sdk = logging.getLogger("opentelemetry")
    if sdk.propagate:
        sdk.propagate = False
        sdk.addHandler(Seldom())
