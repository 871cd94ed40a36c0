"""What SQLite says of a failure: it quotes names and the statement, but no value."""

import re
import sqlite3

SETTINGS = {sqlite3.SQLITE_BUSY: "DB_BUSY_TIMEOUT"}
"""Where the limits are set that a statement ran into."""
LITERAL = re.compile(r"'(?:''|[^'])*'")
"""A text in a statement."""


def message_of(error: BaseException) -> str:
    """Return what is told of `error`, the driver's."""
    return str(error)


def hide_values(error: BaseException) -> None:
    """Leave `error`, the driver's, as it is."""
