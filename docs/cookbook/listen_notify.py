"""LISTEN and NOTIFY: PostgreSQL tells other processes that something was committed.

Drivers: asyncpg
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.sql import func

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.settings import Settings

CHANNEL = "cookbook"


async def notify(session: AsyncSession, message: str) -> None:
    """Send a message when the transaction is committed, and never if it is not."""
    await session.execute(select(func.pg_notify(CHANNEL, message)))


@asynccontextmanager
async def listening(engine: AsyncEngine) -> AsyncIterator[asyncio.Queue[str]]:
    """Yield a queue that gets the messages of the channel."""
    messages: asyncio.Queue[str] = asyncio.Queue()

    def receive(_connection: Any, _pid: int, _channel: str, message: str) -> None:
        messages.put_nowait(message)

    # Outside of a transaction, which would keep messages back.
    options = {"isolation_level": "AUTOCOMMIT"}
    async with engine.execution_options(**options).connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.add_listener(CHANNEL, receive)
        try:
            yield messages
        finally:
            await driver.remove_listener(CHANNEL, receive)


async def main() -> None:
    async with open_engine(load_settings(Settings)) as engine, listening(engine) as messages:
        sessions = create_sessions(engine)
        async with sessions.write() as session:
            await notify(session, "rolled back")
            await session.rollback()
        async with sessions.write.begin() as session:
            await notify(session, "committed")
            await session.execute(text("SELECT pg_sleep(0.1)"))
            print("before the COMMIT:", messages.qsize())
        print("after it:", await asyncio.wait_for(messages.get(), 10))


if __name__ == "__main__":
    run(main())
