"""LISTEN with psycopg."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

CHECK_INTERVAL = 30
"""Seconds of silence after which the connection is checked."""


async def listen(connection: AsyncConnection, channel: str, ring: Callable[[], None]) -> None:
    """Call `ring` once it listens on `channel`, and at each notification.

    `connection` must be in autocommit. Raises SQLAlchemyError when it is lost.
    """
    # Not at the top: the driver is loaded by the first connection, after the event loop.
    from psycopg import OperationalError  # noqa: PLC0415

    driver: Any = (await connection.get_raw_connection()).driver_connection
    await connection.execute(text(f"LISTEN {channel}"))
    ring()
    while True:
        # If it is lost, the next statement says so, as an error of SQLAlchemy.
        with suppress(OperationalError):
            async for _ in driver.notifies(timeout=CHECK_INTERVAL):
                ring()
        await connection.execute(text("SELECT 1"))
