"""What changes under a running service: the schema, and which server takes writes."""

from collections.abc import Callable
from typing import Any, Literal

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext, ExecutionContext
from sqlalchemy.engine.interfaces import DBAPICursor

from app.db.error_codes import code_of

READ_ONLY = "25006"
"""read_only_sql_transaction: also what is left of a primary says so."""


def follow_changes(
    engine: Engine,
    *,
    in_transaction: Callable[[Any], bool],
    is_outdated: Callable[[BaseException], bool],
    start_over: Callable[[Any], None],
) -> None:
    """Let `engine` get over such changes.

    A statement that was prepared before the schema changed is prepared again, if nothing was
    done before it in its transaction. Otherwise, and when a server takes no writes any more,
    the failure counts as a lost connection: the pool replaces all that it has.

    `in_transaction` tells whether the driver's own connection is in one, `is_outdated` whether
    an error is about such a statement; `start_over` rolls back, and forgets what was prepared.
    """
    refused = engine.dialect.loaded_dbapi.NotSupportedError

    def execute(
        cursor: DBAPICursor, statement: str, parameters: Any, context: ExecutionContext
    ) -> Literal[True]:
        connection = context.root_connection.connection
        is_first = not in_transaction(connection.driver_connection)
        try:
            cursor.execute(statement, parameters)
        except refused as error:
            if not (is_first and is_outdated(error)):
                raise
            # SQLAlchemy itself may keep what was prepared, and is told to forget it.
            context.handle_dbapi_exception(error)
            start_over(connection.dbapi_connection)
            context.pre_exec()
            cursor.execute(statement, parameters)
        return True

    def give_up(context: ExceptionContext) -> None:
        error = context.original_exception
        if is_outdated(error) or (code_of(error) == READ_ONLY and not _only_reads(context)):
            context.is_disconnect = True

    event.listen(engine, "do_execute", execute)
    event.listen(engine, "handle_error", give_up)


def _only_reads(context: ExceptionContext) -> bool:
    # If it does, the mistake is ours: no server would write for it.
    connection = context.connection
    return bool(connection and connection.get_execution_options().get("postgresql_readonly"))
