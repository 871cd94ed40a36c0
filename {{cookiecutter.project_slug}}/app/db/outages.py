"""The log of a database that is busy or away: the first failure at once, then how many more."""

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from app.db.failures import in_words, kind_of

logger = logging.getLogger(__name__)

INTERVAL = 5
"""Seconds between two lines about failures of one kind."""


class Outages:
    """Tells failures, and only counts those of a kind that was told a moment ago."""

    def __init__(self) -> None:
        """Have told none."""
        self._more: dict[object, int] = {}
        self._last: dict[object, str] = {}
        # Of threads: not every framework answers errors in the event loop.
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None

    def tell(self, what: str, error: SQLAlchemyError) -> None:
        """Say that `what` failed with `error`, now or soon."""
        self.tell_sentence(f"{what}: {in_words(error)}", kind_of(error))

    def tell_sentence(self, sentence: str, kind: object) -> None:
        """Say that something else failed, which is of this kind."""
        with self._lock:
            if kind in self._more:
                self._more[kind] += 1
                self._last[kind] = sentence
                return
            logger.warning("%s", sentence)
            self._more[kind] = 0
            if self._timer is None:
                self._tell_later()

    def tell_counted(self) -> None:
        """Say what was counted; of a kind of which there was nothing, the next is told at once."""
        with self._lock:
            counted = {kind: more for kind, more in self._more.items() if more}
            for kind, more in counted.items():
                logger.warning("%d more like this, the last: %s", more, self._last[kind])
            self._more = dict.fromkeys(counted, 0)
            self._timer = None
            if counted:
                self._tell_later()

    def close(self) -> None:
        """Say what was counted, and wait for no more: the service ends."""
        with self._lock:
            for _ in range(2):
                # The first time says what was counted, and begins to count anew.
                if self._timer:
                    self._timer.cancel()
                self.tell_counted()

    def _tell_later(self) -> None:
        self._timer = threading.Timer(INTERVAL, self.tell_counted)
        self._timer.daemon = True
        self._timer.start()


outages = Outages()
