"""Python's own sqlite3, set up as the service's driver is."""

from typing import Any

from sqlalchemy import URL, Engine

from app.kit.db import driver
from app.kit.db.settings import DatabaseSettings


def engine_url(settings: DatabaseSettings) -> URL:
    """Return the database's URL with the synchronous driver, without what `connect_args` says."""
    return settings.sqlalchemy_url.set(query={}, drivername="{{ cookiecutter._drivers[cookiecutter.driver].sync_dialect }}")


def connect_args(settings: DatabaseSettings) -> dict[str, Any]:
    """Return the arguments for `sqlite3.connect`."""
    return {"timeout": settings.db_busy_timeout, "isolation_level": None}


def configure(engine: Engine) -> None:
    """Set the PRAGMAs of each connection, and begin transactions as the service does."""
    driver.listen(engine)
