"""What is particular to asyncpg: its arguments, its errors, its liveness check."""

import socket
import ssl
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import URL, Dialect, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from app.config import Settings
from app.db.tls import tls_context

READ_OPTIONS = {"isolation_level": "AUTOCOMMIT"}
SNAPSHOT_OPTIONS = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

PING_AFTER = 1.0
"""Seconds of rest after which a connection is asked whether the server still answers."""


def engine_url(settings: Settings) -> URL:
    """Return the database's URL without what `connect_args` says."""
    return settings.sqlalchemy_url.difference_update_query(["sslmode", "sslrootcert"])


def connect_args(settings: Settings) -> dict[str, Any]:
    """Return the arguments for `asyncpg.connect`: who we are, and every time limit."""
    # The server ends a long statement; our own limit is for a server that went silent.
    silence = settings.db_statement_timeout + 5 if settings.db_statement_timeout else None
    return {
        # False, or asyncpg would look for TLS settings in libpq's variables.
        "ssl": tls_context(settings) or False,
        "timeout": settings.db_connect_timeout,
        "command_timeout": silence,
        **(_for_pgbouncer(settings) if settings.db_pooler == "pgbouncer" else _limits(settings)),
    }


def configure(engine: AsyncEngine, settings: Settings) -> None:
    """Make `engine` report every failure as DBAPIError, and check connections it reuses."""
    event.listen(engine.sync_engine, "do_connect", _connect)
    event.listen(engine.sync_engine, "handle_error", _wrap_error)
    event.listen(engine.sync_engine, "checkin", _note_time)
    ping_after = PING_AFTER if settings.db_liveness_check == "socket" else 0
    no_answer = (engine.dialect.loaded_dbapi.Error, OSError)

    # Costs no round trip, unlike pool_pre_ping, which takes three with asyncpg.
    def check_liveness(
        connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        if (since := entry.info.get("at_rest_since")) is None:
            return
        dead = connection.driver_connection.is_closed()
        if not dead and time.monotonic() - since >= ping_after:
            try:
                engine.dialect.do_ping(connection)
            except no_answer:
                dead = True
        if dead:
            raise DisconnectionError

    event.listen(engine.sync_engine, "checkout", check_liveness)


def in_words(error: object, where: str) -> str:
    """Return what is wrong with the server at `where`, which gave no SQLSTATE."""
    match error:
        case socket.gaierror():
            return f"The host of {where} can't be found"
        case ssl.SSLCertVerificationError():
            reason = error.verify_message.rstrip(".")
            return f"The certificate of PostgreSQL at {where} is not trusted ({reason})"
        case ConnectionError(errno=None):
            # asyncpg's own; the system's have a number.
            return f"PostgreSQL at {where} refuses TLS, or hangs up"
        case TimeoutError():
            return f"PostgreSQL at {where} does not answer in time"
        case OSError():
            return f"There is no PostgreSQL at {where}"
    return f"PostgreSQL at {where} can't be used ({type(error).__name__})"


def _limits(settings: Settings) -> dict[str, Any]:
    limits = {
        "idle_in_transaction_session_timeout": settings.db_idle_transaction_timeout,
        "lock_timeout": settings.db_lock_timeout,
        "statement_timeout": settings.db_statement_timeout,
    }
    return {
        "server_settings": {
            "application_name": settings.db_application_name,
            "timezone": "UTC",
            **{name: str(round(seconds * 1000)) for name, seconds in limits.items()},
        }
    }


def _for_pgbouncer(settings: Settings) -> dict[str, Any]:
    return {
        # PgBouncer refuses the limits.
        "server_settings": {"application_name": settings.db_application_name},
        # Each transaction may come to another connection of the server, which knows nothing of
        # the statements prepared before, or knows others by their names. With neither of the
        # caches asyncpg gives no names, and sends a statement again whenever it runs it.
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
    }


def _note_time(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["at_rest_since"] = time.monotonic()


# asyncpg leaves what the operating system reports as it is: bare OSError and TimeoutError.


def _connect(
    dialect: Dialect, _entry: ConnectionPoolEntry, args: Sequence[Any], kwargs: dict[str, Any]
) -> DBAPIConnection:
    try:
        return dialect.connect(*args, **kwargs)
    except OSError as error:
        raise OperationalError("connect", None, error) from error


def _wrap_error(context: ExceptionContext) -> OperationalError | None:
    error = context.original_exception
    if isinstance(error, OSError):
        return OperationalError(context.statement, None, error)
    return None
