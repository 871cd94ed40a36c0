"""Sessions with a lock: tasks that share one use it one after another.

Without it, a task that its request left behind can use the connection during the request's COMMIT.
No driver allows that: the connection returns to the pool in mid-transaction, or never.
"""

import asyncio
from collections.abc import Callable
from functools import wraps
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction

USES = (
    *("close", "commit", "connection", "delete", "delete_all", "execute", "flush", "get"),
    *("get_one", "invalidate", "merge", "merge_all", "refresh", "reset", "rollback", "run_sync"),
    *("scalar", "scalars", "stream", "stream_scalars"),
)
"""The methods of a session that use its connection."""


class SessionLock(asyncio.Lock):
    """A lock that knows the task that holds it."""

    holder: asyncio.Task[Any] | None = None


class LockedSession(AsyncSession):
    """A session whose uses wait for each other."""

    def __init__(self, *arguments: Any, lock: SessionLock | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.lock = lock or SessionLock()

    def begin(self) -> AsyncSessionTransaction:
        return _Transaction(self)

    def begin_nested(self) -> AsyncSessionTransaction:
        return _Transaction(self, nested=True)


class _Transaction(AsyncSessionTransaction):
    def __init__(self, session: LockedSession, *, nested: bool = False) -> None:
        super().__init__(session, nested)
        self.lock = session.lock


def _locked(use: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(use)
    async def lock_and_use(target: LockedSession | _Transaction, *args: Any, **kwargs: Any) -> Any:
        lock = target.lock
        # The task is in no variable: one that fails would refer to itself by its traceback, and
        # asyncio would not say that it failed before garbage is collected.
        if lock.holder is asyncio.current_task():
            # One method may call another.
            return await use(target, *args, **kwargs)
        async with lock:
            lock.holder = asyncio.current_task()
            try:
                return await use(target, *args, **kwargs)
            finally:
                lock.holder = None

    return lock_and_use


for _use in USES:
    setattr(LockedSession, _use, _locked(getattr(AsyncSession, _use)))
for _use in ("__aexit__", "commit", "rollback", "start"):
    setattr(_Transaction, _use, _locked(getattr(AsyncSessionTransaction, _use)))
