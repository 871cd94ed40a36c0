"""Failures of the database in words."""

import socket
import ssl

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from app.kit.db.error_codes import code_of
from app.kit.db.settings import DatabaseSettings
from app.kit.db.url import servers_of

VERSION_QUERY = "SELECT version()"
SERVER = "MySQL or MariaDB"
CAPACITY_QUERY = "SELECT @@max_connections"
CAPACITY = "max_connections"

REASONS = {
    **dict.fromkeys([1040, 1203, 1226], "has no connection to spare"),
    1047: "is out of its cluster",
    1053: "is just stopping",
    2013: "hung up",
}


def explain(error: SQLAlchemyError, settings: DatabaseSettings) -> str:
    """Return one sentence that says what is wrong and what to do about it."""
    url = settings.sqlalchemy_url
    where = ", ".join(
        host if host.startswith("/") else f"{host or 'localhost'}:{port}"
        for host, port in servers_of(url)
    )
    cause = getattr(error, "orig", None)
    # The driver says that it could not connect, and what it failed with says why.
    root = cause.__cause__ if isinstance(cause, Exception) and cause.__cause__ else cause
    code = code_of(cause)
    if code and not isinstance(root, OSError):
        reason = f"The server at {where} {_refusal(code, url)}"
    else:
        reason = _silence(root, url, where)
    if settings.is_replica:
        return f"{reason}: check DATABASE_READ_URL; without it, reads go to DATABASE_URL, too."
    return f"{reason}: check DATABASE_URL, or DB_HOST and the other DB_ settings."


def _refusal(code: int, url: URL) -> str:
    match code:
        case 1044 | 1045 | 1698:
            return f"refuses the user {url.username} with this password"
        case 1049:
            return f"has no database {url.database}"
    return REASONS.get(code, f"answers with the error {code}")


def _silence(cause: object, url: URL, where: str) -> str:
    match cause:
        case socket.gaierror():
            return f"There is no host named {url.host}"
        case ssl.SSLError():
            return f"The server at {where} can't be trusted ({cause.reason or cause})"
        case TimeoutError():
            return f"The server at {where} does not answer in time"
        case OSError():
            return f"There is no MySQL or MariaDB at {where}"
    return f"The server at {where} can't be used ({type(cause).__name__})"
