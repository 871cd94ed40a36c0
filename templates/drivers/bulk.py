"""Many rows at once."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection


async def bulk_insert(
    connection: AsyncConnection,
    table: sa.Table,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Add `rows`, as fast as the driver can, in the connection's transaction.

    The types of the columns apply; their defaults do not.
    Raises sqlalchemy.exc.IntegrityError for a row that the table refuses.
    """
    if values := _bound(connection.dialect, table, columns, rows):
        await connection.exec_driver_sql(_insert(connection.dialect, table, columns), values)


# {% include "parts/bulk_values.py" %}
