"""The pool, which takes back connections that nobody can give back any more."""

import asyncio
import gc
from typing import Any
from weakref import WeakSet

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from app.db import driver
from app.db.error_codes import code_of, is_unavailable

PAUSE = 1.0
"""Seconds between two searches, each of which is a whole garbage collection."""
HELD = "held_on_purpose"
"""Where a connection's `info` has a weak reference to who holds it on purpose."""


class SearchingPool(AsyncAdaptedQueuePool):
    """A pool that searches for lost connections while someone waits for one.

    A session that was forgotten is garbage in cycles, which a service may not collect for
    minutes (APP_TUNE_GC). One whose connection the server has ended may never be closed.
    """

    _entries: WeakSet[Any] | None = None
    _last_search = 0.0
    _search: asyncio.TimerHandle | None = None
    _waiting = 0

    def search_soon(self) -> None:
        """Search at once, or PAUSE after the last time."""
        if self._search is None:
            # From the event loop: in SQLAlchemy's greenlet, closing what is collected would wait.
            loop = asyncio.get_running_loop()
            self._search = loop.call_at(self._last_search + PAUSE, self._take_back)

    def _take_back(self) -> None:
        self._search = None
        self._last_search = asyncio.get_running_loop().time()
        gc.collect()
        for entry in list(self._entries or ()):
            holder = entry.fairy_ref and entry.fairy_ref()
            if not holder or (HELD in entry.info and entry.info[HELD]() is holder):
                continue
            if driver.is_dead(holder.driver_connection):
                # Whoever has it may go on, and learns that it is lost.
                holder.detach()
        if self._waiting:
            # A generator that was collected has yet to end, before its session can be.
            self.search_soon()

    def _create_connection(self) -> ConnectionPoolEntry:
        entry = super()._create_connection()
        self._entries = self._entries or WeakSet()
        self._entries.add(entry)
        return entry

    def _do_get(self) -> ConnectionPoolEntry:
        if self.checkedout() < self.size() + self._max_overflow:
            return super()._do_get()
        self._waiting += 1
        try:
            self.search_soon()
            return super()._do_get()
        except PoolTimeoutError:
            raise PoolTimeoutError(
                f"the pool had no connection to spare for {self.timeout():g} s (DB_POOL_TIMEOUT): "
                f"{self.checkedout()} of {self.size() + self._max_overflow} in use (DB_POOL_SIZE "
                f"and DB_MAX_OVERFLOW), {self._waiting} waiting"
            ) from None
        finally:
            self._waiting -= 1


# After it the logger is named, which would say more in this project's name than in SQLAlchemy's.
SearchingPool.__module__ = AsyncAdaptedQueuePool.__module__


def search_after_lock(context: ExceptionContext) -> None:
    """Search after an error that tells of a lock: who was forgotten keeps that, too."""
    pool = context.engine and context.engine.pool
    code = code_of(context.original_exception)
    if isinstance(pool, SearchingPool) and code is not None and is_unavailable(code):
        pool.search_soon()
