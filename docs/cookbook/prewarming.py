"""Prewarming: connections are opened at the start, and not by the first requests.

Drivers: asyncpg, psycopg, aiosqlite, asyncmy, aiomysql
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import asyncio

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings

CONNECTIONS = 5


async def prewarm(engine: AsyncEngine, connections: int) -> None:
    """Open connections, and hold each until the last one is open."""
    barrier = asyncio.Barrier(connections)

    async def hold_one() -> None:
        async with engine.connect():
            await barrier.wait()

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        for _ in range(connections):
            tasks.create_task(hold_one())


async def one_after_another(engine: AsyncEngine) -> None:
    """Do what looks like prewarming: each time the pool hands out the same connection."""
    for _ in range(CONNECTIONS):
        async with engine.connect():
            pass


async def first_requests(engine: AsyncEngine) -> None:
    async def request() -> None:
        async with engine.connect() as connection:
            await connection.scalar(text("SELECT 1"))

    await asyncio.gather(*(request() for _ in range(CONNECTIONS)))


async def main() -> None:
    async with open_engine(load_settings(Settings)) as engine:
        opened: list[object] = []
        event.listen(engine.sync_engine, "connect", lambda *connected: opened.append(connected))
        await one_after_another(engine)
        print("one after another:", len(opened))
        await prewarm(engine, CONNECTIONS)
        print("at once:", len(opened))
        await first_requests(engine)
        print("after the first requests:", len(opened))


if __name__ == "__main__":
    run(main())
