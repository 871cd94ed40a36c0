"""A bell: an event that wakes all who wait for it, again and again."""

import asyncio
from contextlib import suppress

from app.kit.db.readiness import Readiness

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds between two checks whether a lost database is back."""


class Bell:
    """Rings when there may be work, and when it is time to stop."""

    def __init__(self) -> None:
        self.stopped = False
        self._next = asyncio.Event()

    def ring(self) -> None:
        """Wake all who wait for the present ring; those who come later wait for the next."""
        self._next.set()
        self._next = asyncio.Event()

    def stop(self) -> None:
        """Ring for the last time: from now on nobody waits."""
        self.stopped = True
        self._next.set()

    def next_ring(self) -> asyncio.Event:
        """Return what `wait` waits for.

        Asked for before a look at the queue, no ring is missed between that and the wait.
        """
        return self._next

    async def wait(self, seconds: float, ring: asyncio.Event | None = None) -> None:
        """Return at `ring`, which is the next one by default, or after `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await (ring or self._next).wait()


async def wait_until_ready(readiness: Readiness, bell: Bell) -> None:
    """Return when the database answers, or when it is time to stop; look less and less often."""
    pause = FIRST_PAUSE
    while not bell.stopped:
        await bell.wait(pause)
        if await readiness.check():
            return
        pause = min(2 * pause, LONGEST_PAUSE)
