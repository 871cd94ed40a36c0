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

    The values go to psycopg as they are: no default and no type of SQLAlchemy's applies.
    Raises psycopg.Error for a row that the table refuses.
    """
    if not connection.in_transaction():
        # SQLAlchemy would not notice that psycopg begins one, and would commit nothing.
        await connection.begin()
    preparer = connection.dialect.identifier_preparer
    names = ", ".join(map(preparer.quote, columns))
    raw = await connection.get_raw_connection()
    psycopg_connection: Any = raw.driver_connection
    copying = f"COPY {preparer.format_table(table)} ({names}) FROM STDIN"
    try:
        async with psycopg_connection.cursor() as cursor, cursor.copy(copying) as copy:
            for row in rows:
                await copy.write_row(row)
    except Exception as error:
        redact(error)
        raise
