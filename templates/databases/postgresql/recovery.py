"""Recovery from changes under a running service: of the schema, and of the primary."""

from collections.abc import Callable
from typing import Any, Literal

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext, ExecutionContext
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import InvalidRequestError, ProgrammingError

from app.kit.db.error_codes import READ_ONLY, code_of
from app.kit.db.liveness import leave_read_only_servers


# {% if cookiecutter.driver == "asyncpg" %}
class WrongServerError(ConnectionError):
    """No server has the role that target_session_attrs asks for."""


# {% endif %}
def follow_changes(
    engine: Engine,
    *,
    in_transaction: Callable[[Any], bool],
    is_outdated: Callable[[BaseException], bool],
    start_over: Callable[[Any], None],
) -> None:
    """Let `engine` recover from such changes.

    A statement that was prepared before the schema changed is prepared again, if nothing was
    done before it in its transaction. Otherwise the failure counts as a lost connection: the pool
    replaces all that it has. It does the same when a server takes no writes any more.

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
            # SQLAlchemy itself may cache prepared statements: clear that cache.
            context.handle_dbapi_exception(error)
            start_over(connection.dbapi_connection)
            context.pre_exec()
            cursor.execute(statement, parameters)
        return True

    def give_up(context: ExceptionContext) -> None:
        if is_outdated(context.original_exception):
            context.is_disconnect = True

    event.listen(engine, "do_execute", execute)
    event.listen(engine, "handle_error", give_up)
    event.listen(engine, "handle_error", _refuse_writes_of_readers)
    leave_read_only_servers(engine, lambda why: code_of(why.original_exception) == READ_ONLY)


def _refuse_writes_of_readers(context: ExceptionContext) -> None:
    options = context.connection.get_execution_options() if context.connection else {}
    if code_of(context.original_exception) == READ_ONLY and options.get("postgresql_readonly"):
        # A fault of the code: no other server would accept the write either.
        reason = InvalidRequestError("This transaction is read-only: write through Sessions.write.")
        raise ProgrammingError(context.statement, None, reason)
