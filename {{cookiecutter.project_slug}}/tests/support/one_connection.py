"""Sessions that share one connection, and so one transaction, but behave as on an engine."""

from copy import copy
from dataclasses import replace
# {% if cookiecutter.__postgresql %}
from functools import partial
# {% endif %}
from typing import Any

# {% if cookiecutter.__postgresql %}
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
# {% else %}
from sqlalchemy import Engine, event
# {% endif %}
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import StaticPool

# {% if cookiecutter.__postgresql %}
from app.kit.db.read_only import refuse_writes
# {% endif %}
from app.kit.db.session import Sessions, create_session_factory, create_sessions
from app.kit.db.session_lock import SessionLock
# {% if cookiecutter.__postgresql %}
from app.kit.db.sql_patterns import TRANSACTION_CONTROL
# {% endif %}

_TRANSACTION_METHODS = (
    *("do_begin", "do_close", "do_commit", "do_rollback", "do_terminate"),
    *("set_connection_execution_options", "set_engine_execution_options"),
)


def sessions_on(connection: AsyncConnection) -> Sessions:
    """Return sessions in the transaction of `connection`, which they leave open.

    Sessions that write work in savepoints. Those that only read leave nothing in the transaction.
    """
    # The isolation level that a unit of work asks for can't be that of the test's transaction.
    event.listen(connection.sync_connection, "set_connection_execution_options", _keep_isolation)
    sessions = replace(
        create_sessions(_reader_on(connection)),
        write=create_session_factory(connection, joining="create_savepoint"),
    )
    lock = SessionLock()
    for factory in (sessions.write, sessions.read, sessions.snapshot):
        factory.configure(lock=lock)
    return sessions


def _reader_on(connection: AsyncConnection) -> AsyncEngine:
    assert connection.sync_connection
    shared = connection.sync_connection.connection.dbapi_connection
    assert shared
    # Sessions may use this engine as any other, but not begin or end the shared transaction.
    dialect = copy(connection.dialect)
    for name in _TRANSACTION_METHODS:
        setattr(dialect, name, _do_nothing)
    # {% if cookiecutter.__postgresql %}
    # Otherwise the engine's `do_execute` events would replace the method below.
    del vars(dialect)["dispatch"]
    vars(dialect)["do_execute"] = partial(_execute, shared)
    # {% endif %}
    pool = StaticPool(lambda: shared, dialect=dialect)
    engine = Engine(pool, dialect, connection.engine.url, hide_parameters=True)
    # {% if cookiecutter.__postgresql %}
    refuse_writes(engine)
    # {% endif %}
    return AsyncEngine(engine)


def _keep_isolation(_connection: object, options: dict[str, Any]) -> None:
    options.pop("isolation_level", None)


def _do_nothing(*_arguments: Any) -> None:
    pass
# {% if cookiecutter.__postgresql %}


def _execute(
    shared: DBAPIConnection, cursor: DBAPICursor, statement: str, parameters: Any, _context: Any
) -> None:
    if TRANSACTION_CONTROL.match(statement):
        cursor.execute(statement, parameters)
        return
    # A statement that fails would abort the transaction of all the others.
    control = shared.cursor()
    control.execute("SAVEPOINT reading")
    try:
        cursor.execute(statement, parameters)
    except BaseException:
        control.execute("ROLLBACK TO SAVEPOINT reading")
        raise
    finally:
        control.execute("RELEASE SAVEPOINT reading")
# {% endif %}
