"""Sessions that do one thing at a time, however many tasks use them.

The task that a request left behind would meet its COMMIT on their connection, which drivers can't
bear: it would go back to the pool in the midst of a transaction, or never.
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


class _Turn(asyncio.Lock):
    holder: asyncio.Task[Any] | None = None


class OrderlySession(AsyncSession):
    """A session each use of which waits for the one before."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Make one as `AsyncSession` would."""
        super().__init__(*arguments, **options)
        self.turn = _Turn()

    def begin(self) -> AsyncSessionTransaction:
        """Return a transaction, for `async with`."""
        return _Transaction(self)

    def begin_nested(self) -> AsyncSessionTransaction:
        """Return a savepoint, for `async with`."""
        return _Transaction(self, nested=True)


class _Transaction(AsyncSessionTransaction):
    def __init__(self, session: OrderlySession, *, nested: bool = False) -> None:
        super().__init__(session, nested)
        self.turn = session.turn


def _in_turn(use: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(use)
    async def wait_and_use(it: OrderlySession | _Transaction, *args: Any, **kwargs: Any) -> Any:
        turn = it.turn
        # In no variable: a task that fails would refer to itself, by its traceback, and asyncio
        # would not say that it failed before garbage is collected.
        if turn.holder is asyncio.current_task():
            # One use may be made of others.
            return await use(it, *args, **kwargs)
        async with turn:
            turn.holder = asyncio.current_task()
            try:
                return await use(it, *args, **kwargs)
            finally:
                turn.holder = None

    return wait_and_use


for _use in USES:
    setattr(OrderlySession, _use, _in_turn(getattr(AsyncSession, _use)))
for _use in ("__aexit__", "commit", "rollback", "start"):
    setattr(_Transaction, _use, _in_turn(getattr(AsyncSessionTransaction, _use)))
