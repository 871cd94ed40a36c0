"""The engine's synchronous twin, for what can't be async: notebooks, task queues, scripts.

    from app.kit.commands.settings import load_settings

    with open_sync_engine(load_settings()) as engine:
        sessions = create_sync_session_factory(engine)
        with sessions.begin() as session:
            ...

The same database, limits and rules as with `open_engine`, through a synchronous driver. Not
for the service: a query would stop its event loop.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TypeVar

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from app.kit.db import sync_driver
from app.kit.db.error_reports import redact_errors
# {% if cookiecutter.__networked %}
from app.kit.db.password import renew_password
# {% endif %}
from app.kit.db.retries import pause_after, pauses_between
from app.kit.db.settings import DatabaseSettings
from app.kit.db.sql_log import log_sql_of

T = TypeVar("T")


@contextmanager
def open_sync_engine(settings: DatabaseSettings) -> Iterator[Engine]:
    """Yield an engine that has not connected yet, and dispose it at the end."""
    engine = create_engine(
        sync_driver.engine_url(settings),
        connect_args=sync_driver.connect_args(settings),
        hide_parameters=True,
        max_overflow=settings.db_max_overflow,
        pool_pre_ping=True,
        pool_recycle=settings.db_pool_recycle,
        pool_size=settings.db_pool_size,
        pool_timeout=settings.db_pool_timeout,
    )
    log_sql_of(engine, settings)
    # {% if cookiecutter.__database == "mysql" %}
    sync_driver.configure(engine, settings)
    # {% else %}
    sync_driver.configure(engine)
    # {% endif %}
    # {% if cookiecutter.__networked %}
    renew_password(engine, settings)
    # {% endif %}
    redact_errors(engine)
    try:
        yield engine
    finally:
        engine.dispose()


def create_sync_session_factory(engine: Engine) -> sessionmaker[Session]:
    """Return a factory of sessions that write; `factory.begin()` commits at the end."""
    return sessionmaker(engine, close_resets_only=False, expire_on_commit=False)


def retry_sync(
    sessions: sessionmaker[Session],
    unit: Callable[[Session], T],
    *,
    attempts: int = 10,
    within: float = 5,
) -> T:
    """Return what `unit` returns, as `retry` of `app/kit/db/retries.py` does."""
    pauses = pauses_between(attempts, monotonic() + within)
    while True:
        try:
            with sessions.begin() as session:
                return unit(session)
        except DBAPIError as error:
            pause = pause_after(error, pauses)
        sleep(pause)
