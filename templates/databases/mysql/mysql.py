"""Settings of each connection, for all drivers of MySQL and MariaDB."""

import math
from operator import attrgetter, methodcaller
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.error_codes import CONTENTION, NO_SAVEPOINT, code_of
from app.kit.db.liveness import Liveness
from app.kit.db.recovery import follow_changes
from app.kit.db.settings import DatabaseSettings
from app.kit.db.tls import tls_context
from app.kit.db.url import driver_url

WRITE = ["START TRANSACTION"]
SNAPSHOT = [
    # For the next transaction only.
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
]
SERIALIZABLE = ["SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", *WRITE]
READ_OPTIONS: dict[str, Any] = {"mysql_begin": []}
SNAPSHOT_OPTIONS: dict[str, Any] = {"mysql_begin": SNAPSHOT}
SERIALIZABLE_OPTIONS: dict[str, Any] = {"mysql_begin": SERIALIZABLE}

is_dead = attrgetter("is_dead")

_DEADLOCK = "deadlock"
NO_LIMIT = 31_536_000
"""A year, in seconds: the longest wait for a lock that both servers allow."""


def engine_url(settings: DatabaseSettings) -> URL:
    """Return the database's URL without what `common_args` says."""
    return driver_url(settings.sqlalchemy_url)


def common_args(settings: DatabaseSettings) -> dict[str, Any]:
    """Return the arguments that all drivers take: who we are, and how we work."""
    return {
        # The server commits each statement by itself, unless `begin` began a transaction:
        # so a read takes one round trip.
        "autocommit": True,
        "charset": "utf8mb4",
        "init_command": _session_settings(settings),
        "local_infile": False,
        "program_name": settings.db_application_name,
        "ssl": tls_context(settings),
    }


def configure(engine: AsyncEngine, settings: DatabaseSettings) -> None:
    """Begin transactions as they are asked for, and check connections that are reused."""
    event.listen(engine.sync_engine, "begin", begin)
    event.listen(engine.sync_engine, "handle_error", _wrap_error)
    event.listen(engine.sync_engine, "handle_error", explain_lost_savepoint)
    follow_changes(engine.sync_engine, settings)
    liveness = Liveness(engine, settings, is_dead=is_dead, hang_up=methodcaller("hang_up"))
    liveness.watch(engine)


def _session_settings(settings: DatabaseSettings) -> str:
    statement = settings.db_statement_timeout
    lock = math.ceil(settings.db_lock_timeout) or NO_LIMIT
    values = [
        "time_zone = '+00:00'",
        # Strict: what does not fit is an error, and never cut to size.
        "sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')",
        f"innodb_lock_wait_timeout = {lock}",
        f"lock_wait_timeout = {lock}",
    ]
    # Each server refuses the other's variables. MariaDB reads the first kind of comment and
    # MySQL the second: MariaDB skips what is for versions from 5.7 to 9.99.
    mariadb = [
        f"max_statement_time = {statement}",
        f"idle_transaction_timeout = {math.ceil(settings.db_idle_transaction_timeout)}",
    ]
    mysql = [f"max_execution_time = {round(statement * 1000)}"]
    return (
        # As on other databases. With REPEATABLE READ, MySQL's default, two that change the
        # same row overwrite each other, or fail, depending on the server's version.
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; "
        f"SET {', '.join(values)} /*M! , {', '.join(mariadb)} */ /*!80000 , {', '.join(mysql)} */"
    )


def begin(connection: Connection) -> None:
    """Begin the transaction that the connection's options ask for."""
    connection.info.pop(_DEADLOCK, None)
    for statement in connection.get_execution_options().get("mysql_begin", WRITE):
        connection.exec_driver_sql(statement)


def _wrap_error(context: ExceptionContext) -> OperationalError | None:
    error = context.original_exception
    if isinstance(error, OSError):
        return OperationalError(context.statement, None, error)
    return None


def explain_lost_savepoint(context: ExceptionContext) -> OperationalError | None:
    """Report a deadlock as one, although it has ended the savepoint to which we then return."""
    error, connection = context.original_exception, context.connection
    if connection is None:
        return None
    # Only for these codes: the first connection of all has no `info` yet.
    if code_of(error) in CONTENTION:
        connection.info[_DEADLOCK] = error
    elif code_of(error) == NO_SAVEPOINT and (deadlock := connection.info.pop(_DEADLOCK, None)):
        return OperationalError(context.statement, None, deadlock)
    return None
