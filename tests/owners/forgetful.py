"""What an owner may forget: run in a project, it prints how each mistake ended.

The service's engine, its tuned garbage collection, and no more connections than fit on a hand.
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db.database import Database, open_database
from app.kit.db.engine import open_engine
from app.kit.db.leaks import exempt_from_leak_check
from app.kit.http.lifespan import tune_garbage_collection
from app.settings import Settings

kept: list[Any] = []
logging.basicConfig()


async def forget(database: Database) -> None:
    """Open a session, and never close it."""
    session = database.sessions.write()
    await session.execute(text("SELECT 1"))


async def keep_the_error(database: Database) -> None:
    """Keep an exception in a variable of the function that its traceback knows."""
    session = database.sessions.write()
    await session.execute(text("SELECT 1"))
    try:
        raise ValueError("refused")  # noqa: TRY301  the mistake is the rest
    except ValueError as error:
        problem = error
        del error
    assert problem


async def drop_a_task(database: Database) -> None:
    """Start a task that waits for ever, and keep no reference to it."""

    async def work() -> None:
        async with database.sessions.read() as session:
            await (await session.connection()).execute(text("SELECT 1"))
            begun.set()
            await asyncio.get_running_loop().create_future()

    begun = asyncio.Event()
    asyncio.create_task(work())
    await begun.wait()


async def leave_a_generator(database: Database) -> None:
    """Leave a generator before it is over, and its session open in it."""

    async def numbers() -> AsyncIterator[int]:
        session = database.sessions.snapshot()
        for row in await session.scalars(text("SELECT 1")):
            yield row

    async for _ in numbers():
        return


async def outlive_the_server(database: Database) -> None:
    """Keep a session whose connection the server ends."""
    session = database.sessions.write()
    connection = await session.connection()
    kept.append(session)
    match database.engine.dialect.name:
        case "postgresql":
            pid = await connection.scalar(text("SELECT pg_backend_pid()"))
            statement = f"SELECT pg_terminate_backend({pid})"
        case "sqlite":
            await session.close()
            return
        case _:
            statement = f"KILL {await connection.scalar(text('SELECT CONNECTION_ID()'))}"
    async with open_engine(Settings()) as engine, engine.connect() as admin:
        await admin.exec_driver_sql(statement)


MISTAKES = (forget, keep_the_error, drop_a_task, leave_a_generator, outlive_the_server)


async def ask(database: Database) -> object:
    """Return what is asked for in a transaction that may write."""
    async with database.sessions.write.begin() as session:
        return await session.scalar(text("SELECT 1"))


async def hold() -> None:
    """Hold two connections for too long, one of them on purpose, and take others in passing."""
    messages: list[str] = []
    logging.getLogger("app.kit.db.leaks").addFilter(
        lambda it: messages.append(it.getMessage()) or True
    )
    settings = Settings(db_pool_size=3, db_leak_threshold=0.3)
    async with open_database(settings, prewarm=1) as database:
        session = await take(database)
        async with database.engine.connect() as listening:
            await exempt_from_leak_check(listening)
            for _ in range(5):
                await ask(database)
                await asyncio.sleep(0.2)
        await session.close()
    for message in messages:
        said, *places = message.splitlines()
        print(said)
        print(*(it.strip() for it in places if "forgetful.py" in it or '"<' in it), sep="\n")


async def take(database: Database) -> AsyncSession:
    """Return a session with a connection."""
    # One that writes would keep SQLite's only lock from those that are taken in passing.
    session = database.sessions.read()
    await session.execute(text("SELECT 1"))  # here
    return session


async def main() -> None:
    """Make each mistake more often than there are connections, and ask whether one is left."""
    for size in (1, 3):
        for mistake in MISTAKES:
            settings = Settings(db_pool_size=size, db_drain_timeout=0)
            async with open_database(settings, prewarm=size) as database:
                tune_garbage_collection()
                for _ in range(2 * size + 1):
                    # SQLite has one lock, and who waits for it in vain lets the next one have it.
                    with suppress(OperationalError):
                        await mistake(database)
                with suppress(OperationalError):
                    await ask(database)
                print(size, mistake.__name__, await ask(database))
            for session in kept:
                with suppress(DBAPIError):
                    await session.close()
            kept.clear()
    await hold()


if __name__ == "__main__":
    run(main())
