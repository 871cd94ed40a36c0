"""Sessions that only read: each of their statements is looked at before the driver gets it.

No look can find a function that writes, or what is done with the driver's own connection.
"""

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import ExecutionContext
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.statements import refusal


class ReadOnlyError(RuntimeError):
    """A session that only reads was asked for something else."""


def only_reads(engine: AsyncEngine, *, in_transaction: bool) -> AsyncEngine:
    """Return `engine`, which from now on raises ReadOnlyError for what does not only read.

    Without a transaction it refuses what needs one, too: cursors and savepoints.
    """

    def check(
        _connection: Connection,
        _cursor: DBAPICursor,
        statement: str,
        _parameters: Any,
        context: ExecutionContext | None,
        _many: bool,  # noqa: FBT001  the signature is SQLAlchemy's
    ) -> None:
        streams = bool(context and context.execution_options.get("stream_results"))
        if why := refusal(statement, in_transaction=in_transaction, streams=streams):
            raise ReadOnlyError(why)

    event.listen(engine.sync_engine, "before_cursor_execute", check)
    return engine
