"""A guard of COMMIT: it fails where the server has undone the transaction already.

Drivers report nothing then, so whoever catches the error of a statement, and goes on, would lose
what was written before it, and not know.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary, ref

from sqlalchemy import Connection, Engine, RootTransaction, event
from sqlalchemy.engine import ExceptionContext

from app.kit.db.error_codes import code_of

# With the code, and not with the error, which would keep its frames alive.
_undone: WeakKeyDictionary[RootTransaction, object] = WeakKeyDictionary()
_last_undone: WeakKeyDictionary[Any, ref[RootTransaction]] = WeakKeyDictionary()
"""That of each of the pool's connections."""


class UndoneError(RuntimeError):
    """The error of a statement was caught, but the server had undone the whole transaction."""


def refuse_commits(
    engine: Engine, undoes: Callable[[RootTransaction, ExceptionContext], bool]
) -> None:
    """Make COMMIT raise UndoneError if an error that `undoes` the transaction came before it."""
    commit = engine.dialect.do_commit

    def note(context: ExceptionContext) -> None:
        transaction = context.connection and context.connection.get_transaction()
        if transaction and undoes(transaction, context):
            _undone[transaction] = code_of(context.original_exception)
            _last_undone[transaction.connection.connection] = ref(transaction)

    def do_commit(dbapi_connection: Any) -> None:
        last = _last_undone.get(dbapi_connection)
        if transaction := last and last():
            refuse_more(transaction.connection)
        commit(dbapi_connection)

    event.listen(engine, "handle_error", note)
    # Not an event of the engine's: with any, each connection makes dispatchers of its own.
    engine.dialect.do_commit = do_commit  # type: ignore[method-assign]


def refuse_more(connection: Connection) -> None:
    """Raise UndoneError if the connection's transaction is undone."""
    transaction = connection.get_transaction()
    if transaction and transaction in _undone:
        raise UndoneError(
            f"A statement failed (error {_undone[transaction]}), and although the error was "
            "caught, the database has undone all that its transaction wrote: put what may fail "
            "into `async with session.begin_nested():`."
        )
