"""Detection of connection leaks: a connection that is held too long is logged, once."""

import asyncio
import logging
from traceback import FrameSummary, format_list
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

from app.kit.db.frames import Call, calls, is_ours
from app.kit.db.pool import ReclaimingPool

logger = logging.getLogger(__name__)

_TIMER = "leak_timer"


def watch_leaks(engine: AsyncEngine, threshold: float) -> None:
    """Log each connection of `engine` that is held for `threshold` seconds, once; 0 logs none."""

    def start(_connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        loop = asyncio.get_running_loop()
        entry.info[_TIMER] = loop.call_later(threshold, _report, threshold, calls())

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


def _report(threshold: float, holders: list[Call]) -> None:
    ours = [call for call in holders if is_ours(call[0])]
    frames = [FrameSummary(code.co_filename, line, code.co_name) for code, line in ours or holders]
    logger.warning(
        "A connection has been held for %g s (DB_LEAK_THRESHOLD). It was taken here:\n%s",
        threshold,
        "".join(format_list(frames)).rstrip(),
    )
