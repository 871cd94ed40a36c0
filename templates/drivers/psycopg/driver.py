"""What is particular to psycopg: its arguments, its errors, its liveness check."""

import math
import ssl
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from app.config import Settings
from app.db.tls import tls_mode

READ_OPTIONS = {"isolation_level": "AUTOCOMMIT"}
SNAPSHOT_OPTIONS = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

PING_AFTER = 1.0
"""Seconds of rest after which a connection is asked whether the server still answers."""


def engine_url(settings: Settings) -> URL:
    """Return the database's URL without what `connect_args` says."""
    return settings.sqlalchemy_url.difference_update_query(["sslmode", "sslrootcert"])


def connect_args(settings: Settings) -> dict[str, Any]:
    """Return the arguments for `psycopg.connect`: who we are, and every time limit."""
    return {
        **_tls(settings),
        "application_name": settings.db_application_name,
        # Whole seconds, and psycopg itself waits two at least.
        "connect_timeout": math.ceil(settings.db_connect_timeout),
        # The server ends a long statement; these are for a server that went silent. The
        # first three notice it at rest, the last one while a query is on its way.
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        # PgBouncer refuses the limits; and behind it each transaction may come to another
        # connection of the server, which knows nothing of the statements prepared before.
        **({"prepare_threshold": None} if settings.db_pooler == "pgbouncer" else _limits(settings)),
    }


def configure(engine: AsyncEngine, settings: Settings) -> None:
    """Make `engine` check connections that it reuses; all errors are DBAPIErrors already."""
    event.listen(engine.sync_engine, "checkin", _note_time)
    ping_after = PING_AFTER if settings.db_liveness_check == "socket" else 0
    no_answer = engine.dialect.loaded_dbapi.Error

    # Costs no round trip, unlike pool_pre_ping.
    def check_liveness(
        connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        if (since := entry.info.get("at_rest_since")) is None:
            return
        try:
            _read_what_arrived(connection)
            if time.monotonic() - since >= ping_after:
                engine.dialect.do_ping(connection)
        except no_answer as error:
            raise DisconnectionError from error

    event.listen(engine.sync_engine, "checkout", check_liveness)


def in_words(error: object, where: str) -> str:
    """Return what is wrong with the server at `where`, which gave no SQLSTATE.

    libpq keeps the code of a refusal to itself. Its text is shown to a person as it is,
    in whatever language the server speaks; nothing is decided by it.
    """
    first_line = str(error).partition("\n")[0]
    reason = " ".join(first_line.rpartition(" failed: ")[2].split())
    return f"PostgreSQL at {where} can't be used ({reason})"


def _note_time(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["at_rest_since"] = time.monotonic()


def _read_what_arrived(connection: DBAPIConnection) -> None:
    """Read without waiting; raises psycopg.OperationalError if the server hung up."""
    # Twice: a server that stops says so before it hangs up, and one read may end in between.
    connection.driver_connection.pgconn.consume_input()
    connection.driver_connection.pgconn.consume_input()


def _limits(settings: Settings) -> dict[str, str]:
    limits = {
        "idle_in_transaction_session_timeout": settings.db_idle_transaction_timeout,
        "lock_timeout": settings.db_lock_timeout,
        "statement_timeout": settings.db_statement_timeout,
    }
    in_milliseconds = {name: round(seconds * 1000) for name, seconds in limits.items()}
    server_settings = {"timezone": "UTC", **in_milliseconds}
    return {"options": " ".join(f"-c {name}={value}" for name, value in server_settings.items())}


def _tls(settings: Settings) -> dict[str, str]:
    mode = tls_mode(settings)
    arguments: dict[str, str] = {
        "sslmode": mode,
        # Kerberos would come before TLS, and does not check what `verify-full` promises.
        "gssencmode": "disable",
    }
    if mode == "verify-full":
        arguments["sslrootcert"] = str(settings.db_ssl_root_cert or _system_authorities())
    return arguments


def _system_authorities() -> str:
    # Not simply "system": psycopg's wheels bring an OpenSSL with a folder of its own, which
    # is empty. Python knows the system's file; Debian has one only beside the certificates.
    paths = ssl.get_default_verify_paths()
    bundle = Path(paths.cafile or f"{paths.capath}/ca-certificates.crt")
    return str(bundle) if bundle.is_file() else "system"
