"""The driver, aiosqlite: its arguments, its PRAGMAs, its transactions."""

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.engine import ExecutionContext
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

from app.kit.db.read_only import refusal
from app.kit.db.settings import DatabaseSettings

if TYPE_CHECKING:
    import aiosqlite

READ_OPTIONS = {"sqlite_begin": None}
SNAPSHOT_OPTIONS = {"sqlite_begin": "DEFERRED"}
SERIALIZABLE_OPTIONS = {"sqlite_begin": "IMMEDIATE"}
LATE_OPTIONS = {"sqlite_begin": "LATE"}
"""For a transaction that takes the write lock no sooner than its first write, savepoint or
`with_for_update()`. What it reads before is what is committed at that moment."""


def engine_url(settings: DatabaseSettings) -> URL:
    """Return the database's URL without what `connect_args` says."""
    return settings.sqlalchemy_url.set(query={})


def connect_args(settings: DatabaseSettings) -> dict[str, Any]:
    """Return the arguments for `aiosqlite.connect`."""
    return {
        "timeout": settings.db_busy_timeout,
        # Python's sqlite3 begins no transaction by itself, so that `_begin` can.
        "isolation_level": None,
        "async_creator_fn": _connect,
    }


def configure(engine: AsyncEngine, settings: DatabaseSettings) -> None:  # noqa: ARG001  the same for every driver
    """Make `engine` use SQLite as a service should."""
    listen(engine.sync_engine)


def is_dead(_connection: Any) -> bool:
    """Return False: there is no server that could end a connection."""
    return False


def listen(engine: Engine) -> None:
    """Set the PRAGMAs of each connection, and begin transactions as SQLite should."""
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "before_cursor_execute", _begin_late)


async def _connect(*args: Any, **kwargs: Any) -> "aiosqlite.Connection":
    # Not at the top: the driver is loaded by the first connection, after the event loop.
    import aiosqlite  # noqa: PLC0415

    connection = aiosqlite.connect(*args, **kwargs)
    thread = connection._thread  # noqa: SLF001  SQLAlchemy does the same
    thread.daemon = True
    try:
        return await connection
    except BaseException:
        # The thread has yet to say that it ends, to an event loop that may be closed by then.
        await asyncio.to_thread(thread.join)
        raise


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # Off by default, for reasons of 2009.
    cursor.execute("PRAGMA foreign_keys = ON")
    # Readers and one writer don't wait for each other.
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.close()


def _begin(connection: Connection) -> None:
    # IMMEDIATE takes the write lock before the first read. With the usual DEFERRED, two
    # transactions that read and then write lose one of the updates or fail.
    options = connection.get_execution_options()
    mode = options.get("sqlite_begin", "IMMEDIATE")
    # AUTOCOMMIT is for what SQLite refuses in a transaction, such as VACUUM in a migration.
    if mode not in (None, "LATE") and options.get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql(f"BEGIN {mode}")


def _begin_late(
    connection: Connection,
    _cursor: DBAPICursor,
    statement: str,
    _parameters: Any,
    context: ExecutionContext | None,
    _many: bool,  # noqa: FBT001  the signature is SQLAlchemy's
) -> None:
    options = connection.get_execution_options()
    if options.get("sqlite_begin") != "LATE" or options.get("isolation_level") == "AUTOCOMMIT":
        return
    raw: Any = connection.connection.driver_connection
    if statement.startswith("BEGIN") or raw.in_transaction:
        return
    # SQLite has no FOR UPDATE, and SQLAlchemy leaves it out of the text.
    query = getattr(getattr(context, "compiled", None), "statement", None)
    locks = getattr(query, "_for_update_arg", None)
    if locks or refusal(statement, in_transaction=False, streams=False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
