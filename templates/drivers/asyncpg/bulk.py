"""Many rows at once."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kit.db.messages import redact


async def bulk_insert(
    connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Add `rows` with COPY, in the connection's transaction.

    The values go to asyncpg as they are: no default and no type of SQLAlchemy's applies.
    Raises asyncpg.PostgresError for a row that the table refuses.
    """
    # SQLAlchemy begins its transaction with its first statement, which COPY would not be.
    await connection.exec_driver_sql("SELECT 1")
    raw = await connection.get_raw_connection()
    asyncpg_connection: Any = raw.driver_connection
    try:
        await asyncpg_connection.copy_records_to_table(table.name, columns=columns, records=rows)
    except Exception as error:
        redact(error)
        raise
