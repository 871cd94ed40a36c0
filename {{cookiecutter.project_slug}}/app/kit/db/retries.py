"""Retries of a unit of work that others got in the way of: all of it, from its beginning."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from time import monotonic
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.kit.db.error_codes import CONTENTION, code_of
from app.kit.db.outages import outages

S = TypeVar("S", bound=AsyncSession)
T = TypeVar("T")


async def retry(
    sessions: async_sessionmaker[S],
    unit: Callable[[S], Awaitable[T]],
    *,
    attempts: int = 10,
    within: float = 5,
) -> T:
    """Return what `unit` returns, once the transaction in which it ran is committed.

    It gets a session of `sessions`. After a serialization failure, a deadlock or a lock that was
    not free in time it is called again with a new one, so it must do nothing that ROLLBACK does
    not undo. There are so many `attempts` at most, begun `within` so many seconds. Raises
    what the last one raised, and other errors at once: a lost connection may have been committed.
    """
    pauses = pauses_between(attempts, monotonic() + within)
    while True:
        try:
            async with sessions.begin() as session:
                return await unit(session)
        except DBAPIError as error:
            pause = pause_after(error, pauses)
        if (task := asyncio.current_task()) and task.cancelling():
            # A driver has lost it: Python 3.11's asyncio.wait_for does that.
            raise asyncio.CancelledError
        await asyncio.sleep(pause)


def pauses_between(attempts: int, deadline: float) -> Iterator[float]:
    """Yield the seconds before each attempt but the first, if it begins before `deadline`."""
    for number in range(1, attempts):
        # At random: those who met would meet again.
        pause = random.uniform(0, min(1, 0.02 * 2**number))  # noqa: S311  no secret
        if monotonic() + pause > deadline:
            return
        yield pause


def pause_after(error: DBAPIError, pauses: Iterator[float]) -> float:
    """Return the next of `pauses`; raises `error` if there is none, or a retry would be wrong."""
    undone = not error.connection_invalidated and code_of(error.orig) in CONTENTION
    pause = next(pauses, None) if undone else None
    if pause is None:
        raise error
    outages.log("A unit of work is done again", error)
    return pause
