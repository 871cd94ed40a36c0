"""The log of a busy or lost database: the first failure of a kind at once, the others counted."""

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from app.kit.db.error_reports import in_words, kind_of

logger = logging.getLogger(__name__)

INTERVAL = 5
"""Seconds between two lines about one kind of failure."""


class Outages:
    """Logs the first failure of a kind, and counts those that follow within INTERVAL seconds."""

    def __init__(self) -> None:
        self._more: dict[object, int] = {}
        self._last: dict[object, str] = {}
        # For threads: not every framework handles errors on the event loop.
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None

    def log(self, what: str, error: SQLAlchemyError) -> None:
        """Log that `what` failed with `error`, or count it."""
        self.log_sentence(f"{what}: {in_words(error)}", kind_of(error))

    def log_sentence(self, sentence: str, kind: object) -> None:
        """Log `sentence`, or count it if a failure of the same `kind` was logged a moment ago."""
        with self._lock:
            if kind in self._more:
                self._more[kind] += 1
                self._last[kind] = sentence
                return
            logger.warning("%s", sentence)
            self._more[kind] = 0
            if self._timer is None:
                self._log_later()

    def log_counted(self) -> None:
        """Log the counts; a kind that did not occur again is logged at once the next time."""
        with self._lock:
            counted = {kind: more for kind, more in self._more.items() if more}
            for kind, more in counted.items():
                logger.warning("%d more like this, the last: %s", more, self._last[kind])
            self._more = dict.fromkeys(counted, 0)
            self._timer = None
            if counted:
                self._log_later()

    def close(self) -> None:
        """Log the counts and stop the timer: the service ends."""
        with self._lock:
            for _ in range(2):
                # The first call logs the counts and starts a new timer; the second stops that one.
                if self._timer:
                    self._timer.cancel()
                self.log_counted()

    def _log_later(self) -> None:
        self._timer = threading.Timer(INTERVAL, self.log_counted)
        self._timer.daemon = True
        self._timer.start()


outages = Outages()
