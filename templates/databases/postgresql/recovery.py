"""Recovery from changes under a running service: of the schema, and of the primary."""

import re
from collections.abc import Callable
from typing import Any, Literal
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, RootTransaction, event
from sqlalchemy.engine import ExceptionContext, ExecutionContext
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import InvalidRequestError, ProgrammingError

from app.kit.db.error_codes import READ_ONLY, code_of
from app.kit.db.liveness import leave_read_only_servers
from app.kit.db.sql_patterns import READS, TRANSACTION_CONTROL
from app.kit.db.undone import refuse_commits

_WRITES_NOTHING = re.compile(
    rf"\s*(?:{READS.pattern}|{TRANSACTION_CONTROL.pattern}|SET\b)", re.IGNORECASE
)


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

    _refuse_lost_writes(engine, in_transaction)
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


def _refuse_lost_writes(engine: Engine, in_transaction: Callable[[Any], bool]) -> None:
    # PostgreSQL answers COMMIT with ROLLBACK once a statement has failed, unless that was in a
    # savepoint. Where nothing was written before, nothing is lost.
    writes: WeakKeyDictionary[RootTransaction, int] = WeakKeyDictionary()

    def count(_cursor: object, statement: str, *more: Any) -> None:
        _parameters, context = more
        if not _WRITES_NOTHING.match(statement):
            transaction = context.root_connection.get_transaction()
            writes[transaction] = writes.get(transaction, 0) + 1

    def undoes(transaction: RootTransaction, context: ExceptionContext) -> bool:
        connection = transaction.connection
        # Drivers refuse by themselves what they can't send.
        cause: Any = context.original_exception.__cause__ or context.original_exception
        is_of_server = getattr(getattr(cause, "diag", cause), "severity", None) is not None
        # The one that failed was counted, too, if it was to write.
        before = writes.get(transaction, 0) - (not _WRITES_NOTHING.match(context.statement or ""))
        return (
            before > 0
            and is_of_server
            and not connection.in_nested_transaction()
            and in_transaction(connection.connection.driver_connection)
        )

    for name in ("do_execute", "do_executemany"):
        event.listen(engine, name, count)
    refuse_commits(engine, undoes)
