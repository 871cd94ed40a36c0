"""Many rows at once."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection


async def bulk_insert(
    connection: AsyncConnection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Add `rows` with a few statements for many rows each, in the connection's transaction.

    Raises sqlalchemy.exc.IntegrityError for a row that the table refuses.
    """
    await connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in rows])
