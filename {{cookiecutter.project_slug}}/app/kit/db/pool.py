"""A connection pool that reclaims leaked connections."""

import asyncio
import gc
# {% if cookiecutter.__telemetry %}
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
# {% endif %}
from typing import Any
from weakref import WeakSet

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, PoolProxiedConnection

from app.kit.db import driver
from app.kit.db.error_codes import code_of, is_unavailable

PAUSE = 1.0
"""Seconds between two attempts, each of which is a full garbage collection."""


class ReclaimingPool(AsyncAdaptedQueuePool):
    """A pool that reclaims leaked connections while a caller waits for one.

    A session that was never closed is garbage in reference cycles, which a service may not collect
    for minutes (APP_TUNE_GC). A session whose connection the server ended may never be closed.
    """

    _last_time = 0.0
    _timer: asyncio.TimerHandle | None = None
    _waiting = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.holders: WeakSet[Any] = WeakSet()
        """Those who may lose a dead connection; take out one that holds it for long on purpose."""
        # {% if cookiecutter.__telemetry %}
        self.taking: Callable[[], AbstractContextManager[None]] = nullcontext
        """What each taking of a connection is done in; to measure it."""
        # {% endif %}

    def reclaim_soon(self) -> None:
        """Reclaim leaked connections at once, or PAUSE seconds after the last time."""
        if self._timer is None:
            # On the event loop: in SQLAlchemy's greenlet, closing what is collected would wait.
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(self._last_time + PAUSE, self._reclaim)

    def _reclaim(self) -> None:
        self._timer = None
        self._last_time = asyncio.get_running_loop().time()
        gc.collect()
        for holder in list(self.holders):
            # Not one that is being given back, which may take a while.
            is_held = holder._counter and not holder.is_detached  # noqa: SLF001  the only way to ask
            if is_held and driver.is_dead(holder.driver_connection):
                # The holder keeps it, and gets the driver's error when it uses it.
                holder.detach()
        if self._waiting:
            # A collected generator must end before its session can be collected.
            self.reclaim_soon()

    def connect(self) -> PoolProxiedConnection:
        """Return a connection, whose holder counts only now: its checks may take a while."""
        # {% if cookiecutter.__telemetry %}
        with self.taking():
            holder = super().connect()
        # {% else %}
        holder = super().connect()
        # {% endif %}
        self.holders.add(holder)
        return holder

    # {% if cookiecutter.__telemetry %}
    @property
    def waiting(self) -> int:
        """How many wait for a connection now."""
        return self._waiting

    def most(self) -> int:
        """Return how many connections the pool may have."""
        return self.size() + self._max_overflow

    # {% endif %}
    def _do_get(self) -> ConnectionPoolEntry:
        if self.checkedout() < self.size() + self._max_overflow:
            return super()._do_get()
        self._waiting += 1
        try:
            self.reclaim_soon()
            return super()._do_get()
        except PoolTimeoutError:
            raise PoolTimeoutError(
                f"the pool had no connection to spare for {self.timeout():g} s (DB_POOL_TIMEOUT): "
                f"{self.checkedout()} of {self.size() + self._max_overflow} in use (DB_POOL_SIZE "
                f"and DB_MAX_OVERFLOW), {self._waiting} waiting"
            ) from None
        finally:
            self._waiting -= 1


# The pool's logger is named after its module: below `app` it would log more than SQLAlchemy's do.
ReclaimingPool.__module__ = AsyncAdaptedQueuePool.__module__


def reclaim_after_lock_error(context: ExceptionContext) -> None:
    """Reclaim after an error about a lock: a leaked session keeps its locks, too."""
    pool = context.engine and context.engine.pool
    code = code_of(context.original_exception)
    if isinstance(pool, ReclaimingPool) and code is not None and is_unavailable(code):
        pool.reclaim_soon()
