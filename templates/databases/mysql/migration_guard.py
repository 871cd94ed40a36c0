"""One migration at a time, and none that holds up the service.

DDL commits as it goes, here. A migration that fails keeps the steps before the one that
failed, and its revision is not noted: undo those steps by hand before you try again. Many
short migrations are better than one long one.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import await_

from app.kit.db.error_codes import code_of
from app.kit.db.settings import DatabaseSettings

OPTIONS: dict[str, Any] = {}

# Names of locks are the whole server's, and have no more than 64 characters.
LOCK = "CONCAT('migrate ', MD5(DATABASE()))"
# On Galera such a lock is one node's own. But a row that a transaction has inserted is locked on
# all nodes, if that transaction is replicated with each statement. This one is never committed.
VERSIONS = "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) PRIMARY KEY)"
STREAM = "SET SESSION wsrep_trx_fragment_unit = 'statements', wsrep_trx_fragment_size = 1"
# An INSERT that has waited would also lock what lies beside the row. MySQL waits a second at least.
NO_WAIT = "SET SESSION innodb_lock_wait_timeout = 1 /*M! - 1 */"
CLUSTER_LOCK = "INSERT INTO alembic_version VALUES ('migrates now')"
DEADLOCK = 1213
LOCK_WAIT_TIMEOUT = 1205
INTERVAL = 0.5
"""Seconds between two attempts to get the lock of a cluster."""

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
    with _cluster_lock(connection) if is_galera(connection) else _server_lock(connection):
        try:
            yield
        except DBAPIError as error:
            if code_of(error.orig) != LOCK_WAIT_TIMEOUT:
                raise
            raise CommandError(
                "A table was in use for longer than the migration may wait for its lock "
                "(DB_LOCK_TIMEOUT); what the migration did before stays: undo it, and try again."
            ) from error


def is_galera(connection: Connection) -> bool:
    """Return whether the server is a node of a Galera cluster."""
    # MySQL has no such variable.
    found = connection.execute(text("SHOW VARIABLES LIKE 'wsrep_on'")).first()
    return found is not None and found[1] == "ON"


@contextmanager
def _server_lock(connection: Connection) -> Iterator[None]:
    # In steps of one second: MySQL and MariaDB agree on no number that means "for ever".
    _try_until(lambda: connection.scalar(text(f"SELECT GET_LOCK({LOCK}, 1)")))
    # Alembic would not commit a transaction that it finds open. The lock outlives it.
    connection.commit()
    try:
        yield
    finally:
        if not connection.invalidated:
            connection.rollback()
            connection.execute(text(f"SELECT RELEASE_LOCK({LOCK})"))
            connection.commit()


@contextmanager
def _cluster_lock(connection: Connection) -> Iterator[None]:
    with connection.engine.connect() as holder:
        # Not for the pool: these settings are for nobody else.
        holder.detach()
        if not inspect(holder).has_table("alembic_version"):
            holder.exec_driver_sql(VERSIONS)
        holder.exec_driver_sql(STREAM)
        holder.exec_driver_sql(NO_WAIT)
        holder.commit()

        def lock() -> bool:
            try:
                holder.exec_driver_sql(CLUSTER_LOCK)
            except DBAPIError as error:
                holder.rollback()
                if code_of(error.orig) not in {DEADLOCK, LOCK_WAIT_TIMEOUT}:
                    raise
                await_(asyncio.sleep(INTERVAL))
                return False
            return True

        _try_until(lock)
        # What the one before us did on another node comes first.
        connection.exec_driver_sql("SET SESSION wsrep_sync_wait = 7")
        connection.commit()
        try:
            yield
        finally:
            holder.rollback()


def _try_until(lock: Callable[[], object]) -> None:
    logged = False
    while not lock():
        if not logged:
            logger.warning("Another process migrates this database: waiting until it is done.")
            logged = True
