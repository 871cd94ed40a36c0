"""One migration at a time, and none that deletes what it should keep."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.util import await_

from app.kit.db import driver
from app.kit.db.file_lock import open_lock, try_lock
from app.kit.db.settings import DatabaseSettings


def _ensure_no_orphans(ctx: MigrationContext, **_more: object) -> None:
    if ctx.as_sql or ctx.connection is None:
        return
    if orphans := ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
        raise CommandError(f"The migration left rows that refer to nothing: {orphans[:5]}.")


OPTIONS: dict[str, Any] = {
    # SQLite can't alter a constraint: Alembic makes the table anew and copies the rows.
    "render_as_batch": True,
    # Our transactions include DDL, so a migration that fails is rolled back.
    "transactional_ddl": True,
    "transaction_per_migration": True,
    "on_version_apply": _ensure_no_orphans,
}

INTERVAL = 0.2
"""Seconds between two attempts to get the lock."""

logger = logging.getLogger(__name__)


def for_migrations(settings: DatabaseSettings) -> DatabaseSettings:
    """Return settings under which a migration waits a minute for others that write."""
    return settings.model_copy(update={"db_busy_timeout": max(settings.db_busy_timeout, 60)})


@contextmanager
def migration_guard(connection: Connection) -> Iterator[None]:
    """Let one process migrate, while others wait until it is done, without foreign keys.

    With them on, dropping the old copy of a table would delete the rows that refer to it:
    each migration checks them in the end, and raises alembic.util.CommandError.
    """
    usual = {"sqlite_begin": connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")}
    # A command that finds nothing to change waits for nobody who writes.
    connection.execution_options(**driver.LATE_OPTIONS)
    # Past SQLAlchemy, which would begin a transaction: within one, the PRAGMA does nothing.
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA database_list")
    [(_, _, path), *_] = cursor.fetchall()
    with _exclusive_lock(path):
        cursor.execute("PRAGMA foreign_keys = OFF")
        try:
            yield
        finally:
            connection.rollback()
            connection.execution_options(**usual)
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.close()


@contextmanager
def _exclusive_lock(path: str) -> Iterator[None]:
    # Not the database's own, which would end with each migration's transaction.
    with open_lock(f"{path}-migration") as lock:
        logged = False
        while not try_lock(lock):
            if not logged:
                logger.warning("Another process migrates this database: waiting until it is done.")
                logged = True
            await_(asyncio.sleep(INTERVAL))
        yield
