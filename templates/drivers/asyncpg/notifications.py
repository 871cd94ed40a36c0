"""LISTEN with asyncpg."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

CHECK_INTERVAL = 30
"""Seconds of silence after which the connection is checked."""


async def listen(connection: AsyncConnection, channel: str, ring: Callable[[], None]) -> None:
    """Call `ring` once it listens on `channel`, and at each notification.

    `connection` must be in autocommit. Raises SQLAlchemyError when it is lost.
    """
    # Not at the top: the driver is loaded by the first connection, after the event loop.
    import asyncpg  # type: ignore[import-untyped]  # noqa: PLC0415

    driver: Any = (await connection.get_raw_connection()).driver_connection
    lost = asyncio.Event()
    driver.add_termination_listener(lambda _: lost.set())
    try:
        await driver.add_listener(channel, lambda *_: ring())
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise OperationalError("LISTEN", None, error) from error
    ring()
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(CHECK_INTERVAL):
                await lost.wait()
        await connection.execute(text("SELECT 1"))
