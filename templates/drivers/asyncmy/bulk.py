"""Many rows at once."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kit.db.messages import redact

PACKET = 2_000
"""Rows that are sent at once: the server refuses a packet above its max_allowed_packet."""


async def bulk_insert(
    connection: AsyncConnection,
    table: sa.Table,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Add `rows`, as fast as the server can, in the connection's transaction.

    MariaDB gets them as numbers and texts, and not in a statement that it has to parse.
    The types of the columns apply; their defaults do not.
    Raises asyncmy.errors.IntegrityError (MariaDB) or sqlalchemy.exc.IntegrityError (MySQL)
    for a row that the table refuses.
    """
    statement = _insert(connection.dialect, table, columns)
    values = _bound(connection.dialect, table, columns, rows)
    if not connection.in_transaction():
        # SQLAlchemy would not notice what goes past it, and would commit nothing.
        await connection.begin()
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    refusals = (driver.NotSupportedError, ValueError)
    try:
        async with await driver.prepare(statement % (("?",) * len(columns))) as prepared:
            for start in range(0, len(values), PACKET):
                packet = values[start : start + PACKET]
                try:
                    await prepared.execute_bulk(packet)
                except refusals:
                    # It is MySQL, or a column has no type here: all NULL, or mixed.
                    # Nothing was sent.
                    await connection.exec_driver_sql(statement, packet)
    except asyncio.CancelledError:
        # asyncmy has hung up, and SQLAlchemy must not roll back what is gone.
        await connection.invalidate()
        raise
    except Exception as error:
        redact(error)
        raise


# {% include "parts/bulk_values.py" %}
