"""A guard for sessions that only read: it checks each statement before the driver gets it.

It can't see a function that writes, nor what is done with the driver's own connection.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.statements import refusal


class ReadOnlyError(RuntimeError):
    """A session that only reads refused a statement."""


def refuse_writes(engine: AsyncEngine) -> None:
    """Raise ReadOnlyError for what does not only read, where `reads_in_transaction` is an option.

    If it is False, also for what needs a transaction: streams, cursors and savepoints.
    """
    # The dialect's events: for one of the engine's, each connection makes dispatchers of its own.
    for event_name in ("do_execute", "do_executemany", "do_execute_no_params"):
        # Before those who execute a statement themselves (app/kit/db/recovery.py).
        event.listen(engine.sync_engine, event_name, _check, insert=True)


def _check(_cursor: object, statement: str, *rest: Any) -> None:
    options = rest[-1].execution_options
    if (in_transaction := options.get("reads_in_transaction")) is None:
        return
    streams = bool(options.get("stream_results"))
    if why := refusal(statement, in_transaction=in_transaction, streams=streams):
        raise ReadOnlyError(why)
