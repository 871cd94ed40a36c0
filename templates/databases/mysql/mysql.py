"""What the server is told on each connection, and what all drivers need for that."""

import math
import time
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from app.config import Settings
from app.db.tls import tls_context

WRITE = ["START TRANSACTION"]
SNAPSHOT = [
    # For the next transaction only.
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
]
READ_OPTIONS: dict[str, Any] = {"mysql_begin": []}
SNAPSHOT_OPTIONS: dict[str, Any] = {"mysql_begin": SNAPSHOT}

PING_AFTER = 1.0
"""Seconds of rest after which a connection is asked whether the server still answers."""

NO_LIMIT = 31_536_000
"""A year, in seconds: the longest wait for a lock that both servers allow."""


def engine_url(settings: Settings) -> URL:
    """Return the database's URL without what `common_args` says."""
    return settings.sqlalchemy_url.difference_update_query(["charset", "ssl-mode", "sslmode"])


def common_args(settings: Settings) -> dict[str, Any]:
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


def silence(settings: Settings) -> float | None:
    """Return the seconds after which a server that says nothing is given up, or None."""
    # The server ends a long statement; our own limit is for a server that went silent.
    return settings.db_statement_timeout + 5 if settings.db_statement_timeout else None


def configure(engine: AsyncEngine, settings: Settings) -> None:
    """Begin transactions as they are asked for, and check connections that are reused."""
    event.listen(engine.sync_engine, "begin", begin)
    event.listen(engine.sync_engine, "handle_error", _wrap_error)
    event.listen(engine.sync_engine, "checkin", _note_time)
    ping_after = PING_AFTER if settings.db_liveness_check == "socket" else 0
    no_answer = (engine.dialect.loaded_dbapi.Error, OSError)

    def check_liveness(
        connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        if (since := entry.info.get("at_rest_since")) is None:
            return
        dead = connection.driver_connection.is_dead
        if not dead and time.monotonic() - since >= ping_after:
            try:
                engine.dialect.do_ping(connection)
            except no_answer:
                dead = True
        if dead:
            raise DisconnectionError

    event.listen(engine.sync_engine, "checkout", check_liveness)


def _session_settings(settings: Settings) -> str:
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
    for statement in connection.get_execution_options().get("mysql_begin", WRITE):
        connection.exec_driver_sql(statement)


def _note_time(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["at_rest_since"] = time.monotonic()


def _wrap_error(context: ExceptionContext) -> OperationalError | None:
    error = context.original_exception
    if isinstance(error, OSError):
        return OperationalError(context.statement, None, error)
    return None
