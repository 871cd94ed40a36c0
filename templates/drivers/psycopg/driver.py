"""The driver, psycopg: its arguments, its errors, how it connects."""

from operator import attrgetter, methodcaller
from typing import Any

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.libpq import follow, libpq_args, libpq_url
from app.kit.db.liveness import Liveness, silence_timeout
from app.kit.db.settings import DatabaseSettings

READ_OPTIONS = {"isolation_level": "AUTOCOMMIT"}
SNAPSHOT_OPTIONS = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
SERIALIZABLE_OPTIONS = {"isolation_level": "SERIALIZABLE"}


def engine_url(settings: DatabaseSettings) -> URL:
    """Return the database's URL without what `connect_args` says."""
    return libpq_url(settings)


def connect_args(settings: DatabaseSettings) -> dict[str, Any]:
    """Return the arguments for the connection: who we are, and every time limit."""
    return {
        **libpq_args(settings),
        "async_creator_fn": _connect,
        "cancel_timeout": settings.db_ping_timeout,
        "silence_timeout": silence_timeout(settings),
    }


def configure(engine: AsyncEngine, settings: DatabaseSettings) -> None:
    """Make `engine` check connections that it reuses; all errors are DBAPIErrors already."""
    follow(engine.sync_engine)
    # What each read does twice, without SQLAlchemy's greenlet and psycopg's lock.
    dialect = engine.sync_engine.dialect
    dialect.skip_autocommit_rollback = True
    dialect.set_isolation_level = _set_level  # type: ignore[assignment,method-assign]
    liveness = Liveness(
        engine, settings, is_dead=attrgetter("is_dead"), hang_up=methodcaller("hang_up")
    )
    liveness.watch(engine)


def is_dead(connection: Any) -> bool:
    """Return whether a connection that is in use is lost."""
    # A caller that waits for an answer notices by itself; reading here would steal its answer.
    return not connection.waits and bool(connection.is_dead)


def in_words(error: BaseException | None, where: str) -> str:
    """Return what is wrong with the server at `where`, which gave no SQLSTATE.

    libpq keeps the code of a refusal to itself. Its text is shown to a person as it is,
    in whatever language the server speaks; nothing is decided by it.
    """
    first_line = str(error).partition("\n")[0]
    reason = " ".join(first_line.rpartition(" failed: ")[2].split())
    return f"PostgreSQL at {where} can't be used ({reason})"


def _set_level(connection: Any, level: str) -> None:
    connection.driver_connection.set_level(level)


async def _connect(*conninfo: str, **arguments: Any) -> Any:
    # Not at the top: the driver is loaded by the first connection, after the event loop.
    from app.kit.db.connection import connect  # noqa: PLC0415

    return await connect(*conninfo, **arguments)
