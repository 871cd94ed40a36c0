"""Rows of Core: `execute` holds all of a result in memory, `stream` one batch of it.

Drivers: asyncpg, psycopg, aiosqlite, asyncmy, aiomysql
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import tracemalloc
from collections.abc import Awaitable, Callable

from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.ext.asyncio.exc import AsyncMethodRequired

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings

ROWS, BATCH = 20_000, 500
metadata = MetaData()
letters = Table(
    "cookbook_letters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("body", String(1000)),
)


async def length_of_all(connection: AsyncConnection) -> int:
    result = await connection.execute(select(letters.c.body))
    return sum(len(body) for body in result.scalars())


async def length_of_stream(connection: AsyncConnection) -> int:
    length = 0
    options = {"yield_per": BATCH}
    async with connection.stream(select(letters.c.body), execution_options=options) as result:
        async for body in result.scalars():
            length += len(body)
    return length


async def measured(
    engine: AsyncEngine, work: Callable[[AsyncConnection], Awaitable[int]]
) -> tuple[int, float]:
    """Return the length, and the most MiB that Python held meanwhile."""
    async with engine.connect() as connection:
        tracemalloc.start()
        length = await work(connection)
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return length, peak / 2**20


async def main() -> None:
    async with open_engine(load_settings(Settings)) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
            for _ in range(ROWS // BATCH):
                await connection.execute(insert(letters), [{"body": "x" * 1000}] * BATCH)
        try:
            length, whole = await measured(engine, length_of_all)
            print(f"execute: {length:,} letters, {whole:.0f} MiB at most")
            length, part = await measured(engine, length_of_stream)
            print(f"stream: {length:,} letters, {part:.1f} MiB at most")
            print("a tenth of that, or less:", part < whole / 10)
            async with engine.connect() as connection:
                try:
                    await connection.execute(
                        select(letters), execution_options={"yield_per": BATCH}
                    )
                except AsyncMethodRequired as error:
                    print(f"execute with yield_per: {error}")
        finally:
            async with engine.begin() as connection:
                await connection.run_sync(metadata.drop_all)


if __name__ == "__main__":
    run(main())
