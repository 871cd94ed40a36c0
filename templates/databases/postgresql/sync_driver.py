"""psycopg, set up as the service's driver is."""

from typing import Any

from sqlalchemy import URL, Engine

from app.kit.db.libpq import follow, libpq_args, libpq_url
from app.kit.db.settings import DatabaseSettings


def engine_url(settings: DatabaseSettings) -> URL:
    """Return the database's URL with the synchronous driver."""
    return libpq_url(settings).set(drivername="{{ cookiecutter._drivers[cookiecutter.driver].sync_dialect }}")


def connect_args(settings: DatabaseSettings) -> dict[str, Any]:
    """Return the arguments for `psycopg.connect`."""
    return libpq_args(settings)


def configure(engine: Engine) -> None:
    """Let `engine` recover from changes of the schema and of the primary."""
    follow(engine)
