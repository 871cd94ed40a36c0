"""SQLite's result codes (https://www.sqlite.org/rescode.html)."""

import sqlite3

CONFLICTS = {
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
}
UNSTORABLE: frozenset[int] = frozenset()
CONTENTION = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_BUSY_RECOVERY,
    sqlite3.SQLITE_BUSY_SNAPSHOT,
    sqlite3.SQLITE_BUSY_TIMEOUT,
}
"""Others were in the way: the same transaction, rolled back and done again, may succeed."""
UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
}
# {% if cookiecutter.__jobs %}
FINAL = {
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_ERROR,  # a mistake in a statement: no such table, or column
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_TOOBIG,
}
# {% endif %}


def code_of(error: BaseException | None) -> int | None:
    """Return the extended result code of a driver's error, or None if it has none."""
    code = getattr(error, "sqlite_errorcode", None)
    return code if isinstance(code, int) else None


def is_conflict(code: int) -> bool:
    """Return whether the data forbids what was asked."""
    return code in CONFLICTS


def is_unavailable(code: int) -> bool:
    """Return whether the file could not be used, but may soon."""
    # The low byte of an extended code is the primary one.
    return code & 0xFF in UNAVAILABLE
# {% if cookiecutter.__jobs %}


def is_final(code: int) -> bool:
    """Return whether the same statement would fail again for the same reason."""
    return code & 0xFF in FINAL
# {% endif %}
