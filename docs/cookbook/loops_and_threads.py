"""Several event loops: an engine for each, or an engine without a pool for all.

Drivers: asyncpg, psycopg, aiosqlite, asyncmy, aiomysql
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import asyncio

from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.settings import Settings

THREADS = 4


async def ask(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        answer: int = await connection.scalar(text("SELECT 40 + 2"))
    return answer


async def work(settings: Settings) -> int:
    """Do the work of one thread, with an engine that its loop opens and closes."""
    async with open_engine(settings) as engine:
        return await ask(engine)


async def in_threads(settings: Settings) -> None:
    # Each call of `run` makes a loop of its own, which is this project's choice on Windows.
    answers = await asyncio.gather(
        *(asyncio.to_thread(run, work(settings)) for _ in range(THREADS))
    )
    print(f"{THREADS} loops, {THREADS} engines:", *answers)


def ask_on_two_loops(engine: AsyncEngine) -> str:
    """Return what comes of one engine on one loop after the other."""
    answers = []
    for _ in range(2):
        try:
            answers.append(str(run(ask(engine))))
        except Exception as error:  # noqa: BLE001  which one depends on the driver
            answers.append(type(error).__name__)
    return ", then ".join(answers)


def main() -> None:
    settings = load_settings(Settings)
    run(in_threads(settings))
    without_pool = create_async_engine(settings.sqlalchemy_url, poolclass=NullPool)
    print("one engine, NullPool:", ask_on_two_loops(without_pool))
    print("one engine, its pool:", ask_on_two_loops(create_async_engine(settings.sqlalchemy_url)))


if __name__ == "__main__":
    main()
