"""Rings the bell when PostgreSQL says that there is a new job."""

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.driver import READ_OPTIONS
from app.kit.db.leaks import exempt_from_leak_check
from app.kit.db.outages import outages
from app.kit.db.readiness import Readiness
from app.kit.jobs.bell import Bell, wait_until_ready
from app.kit.jobs.notifications import listen
from app.kit.jobs.queue import CHANNEL
from app.kit.settings import ServiceSettings


async def keep_listening(
    engine: AsyncEngine, settings: ServiceSettings, readiness: Readiness, bell: Bell
) -> None:
    """Listen on one connection, and on another one when it is lost."""
    # PgBouncer gives each transaction another connection: none of them could listen.
    if settings.db_pooler == "pgbouncer" or not settings.db_notify:
        return
    engine = engine.execution_options(**READ_OPTIONS)
    while not bell.stopped:
        try:
            async with engine.connect() as connection:
                await exempt_from_leak_check(connection)
                try:
                    await listen(connection, CHANNEL, bell.ring)
                finally:
                    # It listens: that is not for the next one who gets it from the pool.
                    await connection.invalidate()
        except SQLAlchemyError as error:
            outages.log("The LISTEN connection is lost", error)
            await wait_until_ready(readiness, bell)
