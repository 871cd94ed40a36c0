"""One migration at a time, and none that holds up the service."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import await_

from app.kit.db.error_codes import code_of
from app.kit.db.settings import DatabaseSettings

# A new member of an ENUM can be used only after a COMMIT; and table locks end with each migration.
OPTIONS: dict[str, Any] = {"transaction_per_migration": True}

LOCK_ID = 6_520_741
"""An arbitrary number; the service must use it for no other advisory lock."""
LOCK_NOT_AVAILABLE = "55P03"
INTERVAL = 0.2
"""Seconds between two attempts to get the lock."""

logger = logging.getLogger(__name__)


def for_migrations(settings: DatabaseSettings) -> DatabaseSettings:
    """Return settings under which a migration may work as long as it needs.

    Only its wait for a lock stays bounded: while it waits for a table, everyone who
    comes later waits behind it, readers too.

    Raises alembic.util.CommandError behind PgBouncer, which would give the lock to a server
    connection that the next statement may not have.
    """
    if settings.db_pooler == "pgbouncer":
        raise CommandError(
            "Migrations need the server itself, not PgBouncer: run them with DB_POOLER=none and "
            "with DATABASE_URL, or DB_HOST and DB_PORT, of the server."
        )
    return settings.model_copy(update={"db_statement_timeout": 0, "db_idle_transaction_timeout": 0})


@contextmanager
def migration_guard(connection: Connection) -> Iterator[None]:
    """Let one process migrate, while others wait until it is done.

    The server releases the lock when the connection ends, however that happens. Raises
    alembic.util.CommandError if a table could not be had within DB_LOCK_TIMEOUT.
    """
    locked = _acquire_lock(connection)
    event.listen(connection, "before_cursor_execute", _if_concurrent("SET lock_timeout = 0"))
    event.listen(connection, "after_cursor_execute", _if_concurrent("RESET lock_timeout"))
    try:
        yield
    except DBAPIError as error:
        if code_of(error.orig) != LOCK_NOT_AVAILABLE:
            raise
        raise CommandError(
            "A table was in use for longer than the migration may wait for its lock "
            "(DB_LOCK_TIMEOUT): try again when it is in less use; what was committed before stays."
        ) from error
    finally:
        if not connection.invalidated:
            connection.rollback()
            if locked:
                connection.execute(text("SELECT pg_advisory_unlock(:id)"), {"id": LOCK_ID})
            connection.commit()


def _acquire_lock(connection: Connection) -> bool:
    # No pg_advisory_lock() and no transaction, both of which hold a snapshot: CREATE INDEX
    # CONCURRENTLY, in the process that migrates, would wait for it.
    connection.commit()
    usual = connection.get_isolation_level()
    connection.execution_options(isolation_level="AUTOCOMMIT")
    attempt = text("SELECT pg_try_advisory_lock(:id)").bindparams(id=LOCK_ID)
    locked = True
    try:
        if not connection.scalar(attempt):
            logger.warning("Another process migrates this database: waiting until it is done.")
            while not connection.scalar(attempt):
                await_(asyncio.sleep(INTERVAL))
    except DBAPIError as error:
        # Not supported, forbidden, or unknown.
        if code_of(error.orig) not in {"0A000", "42501", "42883"}:
            raise
        logger.warning("There are no advisory locks here: let only one process migrate at a time.")
        locked = False
    # Alembic would not commit a transaction that it finds open.
    connection.commit()
    connection.execution_options(isolation_level=usual)
    return locked


# A statement with CONCURRENTLY blocks nobody while it waits, and leaves an invalid index if it
# times out: so it waits without a limit.


def _if_concurrent(command: str) -> Callable[..., None]:
    def execute(connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        if "CONCURRENTLY" in statement.upper():
            connection.exec_driver_sql(command)

    return execute
