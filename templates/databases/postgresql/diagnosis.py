"""Failures of the database in words."""

import socket

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from app.config import Settings
from app.db.error_codes import code_of

VERSION_QUERY = "SELECT current_setting('server_version')"
SERVER = "PostgreSQL"


def explain(error: SQLAlchemyError, settings: Settings) -> str:
    """Return one sentence that says what is wrong and what to do about it."""
    url = settings.sqlalchemy_url
    where = f"{url.host or 'localhost'}:{url.port or 5432}"
    cause = getattr(error, "orig", None)
    if code := code_of(cause):
        reason = f"PostgreSQL at {where} {_refusal(code, url)}"
    else:
        reason = _silence(cause, url, where)
    return (
        f"{reason}: check DATABASE_URL, or DB_HOST and the other DB_ settings; or run "
        "`python -m app dev`, which brings its own database when none is set."
    )


def _refusal(code: str, url: URL) -> str:
    match code:
        case "28P01" | "28000":
            return f"refuses the user {url.username} with this password"
        case "3D000":
            return f"has no database {url.database}"
        case "53300":
            return "has no connection to spare"
        case "57P03":
            return "is just starting or stopping"
    return f"answers with the error {code}"


def _silence(cause: object, url: URL, where: str) -> str:
    match cause:
        case socket.gaierror():
            return f"There is no host named {url.host}"
        case TimeoutError():
            return f"PostgreSQL at {where} does not answer in time"
        case OSError():
            return f"There is no PostgreSQL at {where}"
    return f"PostgreSQL at {where} can't be used ({type(cause).__name__})"
