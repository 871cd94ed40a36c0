"""Detection of connection leaks: a connection that is held too long is logged, once."""

import asyncio
import logging
import sys
from pathlib import Path
from traceback import FrameSummary, format_list
from types import CodeType, FrameType
from typing import Any

from greenlet import getcurrent  # type: ignore[import-untyped]
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

from app.kit.db.pool import ReclaimingPool

logger = logging.getLogger(__name__)

_LIBRARIES = ("<", "site-packages", str(Path(logging.__file__).parents[1]))
_TIMER = "leak_timer"


def watch_leaks(engine: AsyncEngine, threshold: float) -> None:
    """Log each connection of `engine` that is held for `threshold` seconds, once; 0 logs none."""

    def start(_connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        loop = asyncio.get_running_loop()
        entry.info[_TIMER] = loop.call_later(threshold, _report, threshold, _callers())

    def stop(_connection: Any, entry: ConnectionPoolEntry) -> None:
        if timer := entry.info.pop(_TIMER, None):
            timer.cancel()

    if threshold:
        event.listen(engine.sync_engine, "checkout", start)
        event.listen(engine.sync_engine, "checkin", stop)
        event.listen(engine.sync_engine, "detach", stop)


async def exempt_from_leak_check(connection: AsyncConnection) -> None:
    """Never report or reclaim `connection`: it is held for long on purpose, such as to LISTEN."""
    holder = await connection.get_raw_connection()
    if isinstance(pool := connection.engine.pool, ReclaimingPool):
        pool.holders.discard(holder)
    if timer := holder.info.pop(_TIMER, None):
        timer.cancel()


def _callers() -> list[tuple[CodeType, int]]:
    # Code and lines, not frames: those would keep their variables alive. SQLAlchemy runs in a
    # greenlet; the coroutines that wait for it are in the parent greenlet.
    callers = []
    here = getcurrent()
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001  cheaper than `inspect.stack`
    while here is not None:
        while frame is not None:
            callers.append((frame.f_code, frame.f_lineno))
            frame = frame.f_back
        here = here.parent
        frame = None if here is None else here.gr_frame
    return callers[::-1]


def _report(threshold: float, callers: list[tuple[CodeType, int]]) -> None:
    frames = [FrameSummary(code.co_filename, line, code.co_name) for code, line in callers]
    ours = [frame for frame in frames if not any(name in frame.filename for name in _LIBRARIES)]
    logger.warning(
        "A connection has been held for %g s (DB_LEAK_THRESHOLD). It was taken here:\n%s",
        threshold,
        "".join(format_list(ours or frames)).rstrip(),
    )
