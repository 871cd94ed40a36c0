"""A guard for sessions that only read: it checks each statement before the driver gets it.

It can't see a function that writes, nor what is done with the driver's own connection.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.statements import refusal


class ReadOnlyError(RuntimeError):
    """A session that only reads refused a statement."""


def refuse_writes(engine: AsyncEngine, *, in_transaction: bool) -> AsyncEngine:
    """Make `engine` raise ReadOnlyError for every statement that does not only read; return it.

    Without a transaction it also refuses what needs one: streams, cursors and savepoints.
    """

    def check(_connection: object, _cursor: object, statement: str, *more: Any) -> None:
        _parameters, context, _many = more
        streams = bool(context and context.execution_options.get("stream_results"))
        if why := refusal(statement, in_transaction=in_transaction, streams=streams):
            raise ReadOnlyError(why)

    event.listen(engine.sync_engine, "before_cursor_execute", check)
    return engine
