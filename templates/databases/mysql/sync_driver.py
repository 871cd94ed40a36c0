"""PyMySQL, set up as the service's driver is."""

from typing import Any

from sqlalchemy import URL, Engine, event

from app.kit.db import mysql
from app.kit.db.liveness import silence_timeout
from app.kit.db.recovery import follow_changes
from app.kit.db.settings import DatabaseSettings

MULTI_STATEMENTS = 1 << 16
"""https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html"""


def engine_url(settings: DatabaseSettings) -> URL:
    """Return the database's URL with the synchronous driver."""
    return mysql.engine_url(settings).set(drivername="{{ cookiecutter._drivers[cookiecutter.driver].sync_dialect }}")


def connect_args(settings: DatabaseSettings) -> dict[str, Any]:
    """Return the arguments for `pymysql.connect`."""
    arguments = mysql.common_args(settings)
    return {
        **arguments,
        # As the async drivers do: `init_command` holds two.
        "client_flag": MULTI_STATEMENTS,
        "connect_timeout": settings.db_connect_timeout,
        # As bytes: it would encode text as Latin-1, where the server expects UTF-8.
        "password": (settings.sqlalchemy_url.password or "").encode(),
        "read_timeout": silence_timeout(settings),
        # Without a context it would look for TLS by itself, and check nothing.
        "ssl_disabled": arguments["ssl"] is None,
    }


def configure(engine: Engine, settings: DatabaseSettings) -> None:
    """Begin transactions, report deadlocks, and choose a server, as the service does."""
    event.listen(engine, "begin", mysql.begin)
    event.listen(engine, "handle_error", mysql.explain_lost_savepoint)
    follow_changes(engine, settings)
