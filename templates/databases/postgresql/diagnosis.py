"""Failures of the database in words."""

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from app.kit.db import driver
from app.kit.db.error_codes import code_of
from app.kit.db.settings import DatabaseSettings
from app.kit.db.url import servers_of

VERSION_QUERY = "SELECT current_setting('server_version')"
SERVER = "PostgreSQL"

# Not every version reserves connections for roles, too.
CAPACITY_QUERY = """
    SELECT sum(CASE name WHEN 'max_connections' THEN 1 ELSE -1 END * CAST(setting AS integer))
    FROM pg_settings
    WHERE name IN ('max_connections', 'reserved_connections', 'superuser_reserved_connections')
"""
CAPACITY = "max_connections, without those that it reserves"


def explain(error: SQLAlchemyError, settings: DatabaseSettings) -> str:
    """Return one sentence that says what is wrong and what to do about it."""
    url = settings.sqlalchemy_url
    where = ", ".join(f"{host or 'localhost'}:{port}" for host, port in servers_of(url))
    cause = getattr(error, "orig", None)
    if code := code_of(cause):
        reason = f"PostgreSQL at {where} {_refusal(code, url)}"
    else:
        reason = driver.in_words(cause, where)
    if settings.is_replica:
        return f"{reason}: check DATABASE_READ_URL; without it, reads go to DATABASE_URL, too."
    return f"{reason}: check DATABASE_URL, or DB_HOST and the other DB_ settings."


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
