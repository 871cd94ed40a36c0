"""What is particular to psycopg: its arguments, its errors, its liveness check."""

import time
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from app.config import Settings
from app.db.libpq import libpq_args, libpq_url

READ_OPTIONS = {"isolation_level": "AUTOCOMMIT"}
SNAPSHOT_OPTIONS = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

PING_AFTER = 1.0
"""Seconds of rest after which a connection is asked whether the server still answers."""


def engine_url(settings: Settings) -> URL:
    """Return the database's URL without what `connect_args` says."""
    return libpq_url(settings)


def connect_args(settings: Settings) -> dict[str, Any]:
    """Return the arguments for `psycopg.connect`: who we are, and every time limit."""
    return libpq_args(settings)


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
