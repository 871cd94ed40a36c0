"""One migration at a time, and none that holds up the service.

DDL commits as it goes, here. A migration that fails keeps the steps before the one that
failed, and its revision is not noted: undo those steps by hand before you try again. Many
short migrations are better than one long one.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.kit.db.error_codes import code_of
from app.kit.db.settings import DatabaseSettings

OPTIONS: dict[str, Any] = {}

# Names of locks are the whole server's, and have no more than 64 characters.
LOCK = "CONCAT('migrate ', MD5(DATABASE()))"
LOCK_WAIT_TIMEOUT = 1205

logger = logging.getLogger(__name__)


def for_migrations(settings: DatabaseSettings) -> DatabaseSettings:
    """Return settings under which a migration may work as long as it needs.

    Only its wait for a lock stays bounded: while it waits for a table, everyone who
    comes later waits behind it, readers too.
    """
    return settings.model_copy(update={"db_statement_timeout": 0, "db_idle_transaction_timeout": 0})


@contextmanager
def migration_guard(connection: Connection) -> Iterator[None]:
    """Let one process migrate, while others wait until it is done.

    The server releases the lock when the connection ends, however that happens. Raises
    alembic.util.CommandError if a table could not be had within DB_LOCK_TIMEOUT.
    """
    _acquire_lock(connection)
    try:
        yield
    except DBAPIError as error:
        if code_of(error.orig) != LOCK_WAIT_TIMEOUT:
            raise
        raise CommandError(
            "A table was in use for longer than the migration may wait for its lock "
            "(DB_LOCK_TIMEOUT); what the migration did before stays: undo it, and try again."
        ) from error
    finally:
        if not connection.invalidated:
            connection.rollback()
            connection.execute(text(f"SELECT RELEASE_LOCK({LOCK})"))
            connection.commit()


def _acquire_lock(connection: Connection) -> None:
    logged = False
    # In steps of one second: MySQL and MariaDB agree on no number that means "for ever".
    while not connection.scalar(text(f"SELECT GET_LOCK({LOCK}, 1)")):
        if not logged:
            logger.warning("Another process migrates this database: waiting until it is done.")
            logged = True
    # Alembic would not commit a transaction that it finds open. The lock outlives it.
    connection.commit()
