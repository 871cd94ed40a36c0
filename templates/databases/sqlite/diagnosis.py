"""Failures of the database in words."""

import sqlite3

from sqlalchemy.exc import SQLAlchemyError

from app.kit.db.error_codes import code_of
from app.kit.db.settings import DatabaseSettings

VERSION_QUERY = "SELECT sqlite_version()"
SERVER = "SQLite"


def explain(error: SQLAlchemyError, settings: DatabaseSettings) -> str:
    """Return one sentence that says what is wrong and what to do about it."""
    path = settings.sqlalchemy_url.database
    check = "check DATABASE_URL or DB_PATH"
    match code_of(getattr(error, "orig", None)):
        case sqlite3.SQLITE_CANTOPEN:
            return f"The file {path} can't be opened, or its folder does not exist: {check}."
        case sqlite3.SQLITE_NOTADB:
            return f"The file {path} is not a SQLite database: {check}."
        case sqlite3.SQLITE_BUSY:
            return (
                f"Another process has been writing {path} for {settings.db_busy_timeout:g} s "
                "(DB_BUSY_TIMEOUT): wait until it is done, and try again."
            )
        case sqlite3.SQLITE_READONLY:
            return f"The file {path} can't be written: change its permissions, or {check}."
        case code:
            return f"The file {path} can't be used (SQLite's error {code}): {check}."
