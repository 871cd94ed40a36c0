"""One migration at a time, and none that holds up the service."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.config import Settings
from app.db.error_codes import code_of

OPTIONS: dict[str, bool] = {}

LOCK_ID = 6_520_741
"""Any number will do, as long as the service uses it for no other advisory lock."""
LOCK_NOT_AVAILABLE = "55P03"


def for_migrations(settings: Settings) -> Settings:
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
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:id)"), {"id": LOCK_ID})
    # Ends the transaction, and with it the unlimited wait. Alembic would not commit one
    # that it finds open.
    connection.commit()
    try:
        yield
    except DBAPIError as error:
        if code_of(error.orig) != LOCK_NOT_AVAILABLE:
            raise
        raise CommandError(
            "A table was in use for longer than the migration may wait for its lock "
            "(DB_LOCK_TIMEOUT), and nothing was changed: try again when it is in less use."
        ) from error
    finally:
        if not connection.invalidated:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:id)"), {"id": LOCK_ID})
            connection.commit()
