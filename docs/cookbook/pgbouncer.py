"""PgBouncer with SCRAM, in transaction mode: prepared statements are lost between transactions.

Drivers: asyncpg
Needs: PgBouncer, a project
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import asyncio
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import URL, literal, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings

TASKS, ROUNDS = 8, 20
QUESTIONS = [select(literal(number).label(f"n{number}")) for number in range(5)]


def engine_of(url: URL, **options: Any) -> AsyncEngine:
    """Return an engine whose connections asyncpg opens with `options`."""

    async def connect() -> Any:
        # Nothing is to be done for SCRAM: asyncpg speaks it with PgBouncer as with PostgreSQL.
        return await asyncpg.connect(
            host=url.host,
            port=url.port,
            user=url.username,
            password=url.password,
            database=url.database,
            **options,
        )

    return create_async_engine("postgresql+asyncpg://", async_creator=connect)


async def mistakes(engine: AsyncEngine) -> int:
    """Ask from several tasks at once; return how many got an error or a wrong answer."""
    count = 0

    async def ask(task: int) -> None:
        nonlocal count
        for turn in range(ROUNDS):
            number = (task + turn) % len(QUESTIONS)
            try:
                async with engine.connect() as connection:
                    count += await connection.scalar(QUESTIONS[number]) != number
            except DBAPIError:
                count += 1

    await asyncio.gather(*map(ask, range(TASKS)))
    return count


async def main() -> None:
    settings = load_settings(Settings, {"db_pooler": "pgbouncer"})
    url = settings.sqlalchemy_url
    engine = engine_of(url)
    print("as it is, some fail:", await mistakes(engine) > 0)
    await engine.dispose()
    engine = engine_of(url, statement_cache_size=0)
    print("statement_cache_size=0, fail:", await mistakes(engine))
    await engine.dispose()
    async with open_engine(settings) as engine:
        print("DB_POOLER=pgbouncer, fail:", await mistakes(engine))


if __name__ == "__main__":
    run(main())
