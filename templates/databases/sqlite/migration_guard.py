"""One migration at a time, and none that deletes what it should keep."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from app.config import Settings

OPTIONS = {
    # SQLite can't alter a constraint: Alembic makes the table anew and copies the rows.
    "render_as_batch": True,
    # A migration that fails leaves nothing behind, since our transactions include DDL.
    "transactional_ddl": True,
}


def for_migrations(settings: Settings) -> Settings:
    """Return settings under which a migration waits a minute for its turn."""
    return settings.model_copy(update={"db_busy_timeout": max(settings.db_busy_timeout, 60)})


@contextmanager
def migration_guard(connection: Connection) -> Iterator[None]:
    """Switch foreign keys off for a migration, and check them when it is done.

    With them on, dropping the old copy of a table would delete the rows that refer to it.
    The transaction is the lock: each begins with BEGIN IMMEDIATE.
    """
    # Past SQLAlchemy, which would begin a transaction: within one, the PRAGMA does nothing.
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
        connection.rollback()
        cursor.execute("PRAGMA foreign_key_check")
        if orphans := cursor.fetchall():
            raise RuntimeError(f"The migration left rows that refer to nothing: {orphans[:5]}.")
    finally:
        connection.rollback()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()
