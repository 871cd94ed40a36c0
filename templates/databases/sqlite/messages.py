"""SQLite's error messages, which quote names and the statement, but no value."""

import re
import sqlite3

SETTINGS = {sqlite3.SQLITE_BUSY: "DB_BUSY_TIMEOUT"}
"""The setting to look at, by the error's code."""
LITERAL = re.compile(r"'(?:''|[^'])*'")
"""A string literal in a statement."""


def message_of(error: BaseException) -> str:
    """Return the message of `error`, which is the driver's."""
    return str(error)


def redact(error: BaseException) -> None:
    """Leave `error` as it is: it quotes no value."""
