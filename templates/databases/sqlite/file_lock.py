"""A lock between processes: a file beside the database, which the system unlocks when they end."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager


@contextmanager
def open_lock(path: str) -> Iterator[sqlite3.Connection]:
    """Yield the lock with this file, which is made if it is not there; release it in the end."""
    # SQLite knows how to lock a file on every system.
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock:
        yield lock


def try_lock(lock: sqlite3.Connection) -> bool:
    """Return whether the lock could be had, which nobody else has now."""
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
