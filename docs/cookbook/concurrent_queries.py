"""Several queries at once: one session is one conversation, so each task has its own.

Drivers: asyncpg, psycopg
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import asyncio
import time
from collections.abc import Awaitable

from sqlalchemy import select, text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings

QUERIES = 5
PAUSE = 0.3
SLOW = select(text(f"pg_sleep({PAUSE})"))


async def in_one_session(engine: AsyncEngine) -> None:
    """Do what does not work: a connection takes one query at a time."""
    async with AsyncSession(engine) as session:
        queries = (session.execute(SLOW) for _ in range(QUERIES))
        # All of them end before the session is closed.
        results = await asyncio.gather(*queries, return_exceptions=True)
    failed = [it for it in results if isinstance(it, InvalidRequestError)]
    print(f"one session: {len(failed)} of {QUERIES} fail")
    print(str(failed[0]).partition(" (Background")[0])


async def in_sessions(
    sessions: async_sessionmaker[AsyncSession], *, at_once: int = QUERIES
) -> None:
    """Give each task a session, and let no more of them run than may take a connection."""
    turns = asyncio.Semaphore(at_once)

    async def ask() -> None:
        async with turns, sessions() as session:
            await session.execute(SLOW)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(QUERIES):
            tasks.create_task(ask())


async def seconds(work: Awaitable[None]) -> float:
    started = time.monotonic()
    await work
    return time.monotonic() - started


async def main() -> None:
    async with open_engine(load_settings(Settings)) as engine:
        await in_one_session(engine)
        sessions = async_sessionmaker(engine)
        in_turn = await seconds(in_sessions(sessions, at_once=1))
        together = await seconds(in_sessions(sessions))
        print(f"{QUERIES} sessions: in less than half the time:", together < in_turn / 2)


if __name__ == "__main__":
    run(main())
