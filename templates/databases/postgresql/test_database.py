"""The database server of the tests, and what only it knows."""

import os
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import ExitStack, asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Table, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

# {% if not cookiecutter.__local_database %}
from app.kit.commands.settings import NO_DATABASE
# {% endif %}
from app.kit.db.engine import open_engine
from app.settings import Settings
# {% if cookiecutter.__local_database %}
from devtools.local_postgres import local_database
from devtools.local_server import LocalServerError
# {% endif %}

DOOMED = 409
"""What is answered when the COMMIT of a session that `doom` has seen fails."""

_FAIL_AT_COMMIT = [
    "CREATE TEMPORARY TABLE twins (id integer UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP",
    "INSERT INTO twins VALUES (1), (1)",
]


# {% if cookiecutter.__local_database %}
def start_server(stack: ExitStack) -> None:
    """Start a server that `stack` will stop, unless TEST_DATABASE_URL names one.

    The role that it names must be allowed to create databases.
    """
    if "TEST_DATABASE_URL" not in os.environ:
        try:
            os.environ["TEST_DATABASE_URL"] = stack.enter_context(local_database())
        except LocalServerError as error:
            raise pytest.UsageError(str(error)) from error
        stack.callback(os.environ.pop, "TEST_DATABASE_URL")
# {% else %}
def start_server(_stack: ExitStack) -> None:
    """End the tests, with the sentence that says what to do, unless TEST_DATABASE_URL is set.

    The role that it names must be allowed to create databases.
    """
    if "TEST_DATABASE_URL" not in os.environ:
        raise pytest.UsageError(NO_DATABASE)
# {% endif %}


async def doom(session: AsyncSession) -> None:
    """Do what passes until COMMIT, which then fails."""
    connection = await session.connection()
    for statement in _FAIL_AT_COMMIT:
        await connection.exec_driver_sql(statement)


@asynccontextmanager
async def fresh_database() -> AsyncIterator[str]:
    """Yield the URL of an empty database, which is dropped in the end."""
    server = Settings(database_url=os.environ["TEST_DATABASE_URL"])
    name = f"test_{uuid4().hex}"
    async with open_engine(server) as engine:
        admin = engine.execution_options(isolation_level="AUTOCOMMIT")
        async with admin.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            url = make_url(os.environ["TEST_DATABASE_URL"]).set(database=name)
            yield url.render_as_string(hide_password=False)
        finally:
            async with admin.connect() as connection:
                await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


async def delete_rows(engine: AsyncEngine, tables: Iterable[Table]) -> None:
    """Empty all `tables` at once, even if their foreign keys form a circle."""
    names = ", ".join(map(engine.dialect.identifier_preparer.format_table, tables))
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {names}"))


async def count_connections(settings: Settings) -> int:
    """Return how many connections a service with `settings` has open."""
    observer = settings.model_copy(update={"db_application_name": "observer"})
    query = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = :name AND datname = current_database()"
    )
    async with open_engine(observer) as engine, engine.connect() as connection:
        count: int = await connection.scalar(query, {"name": settings.db_application_name})
    return count


def unreachable(settings: Settings) -> Settings:
    """Return `settings` for a port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    url = settings.sqlalchemy_url.set(host="127.0.0.1", port=port)
    return Settings(database_url=url.render_as_string(hide_password=False))


def _with(settings: Settings, **parts: Any) -> str:
    return settings.sqlalchemy_url.set(**parts).render_as_string(hide_password=False)


# A setting for DATABASE_URL, and what the sentence about it must name.
MISTAKES: dict[str, Callable[[Settings], tuple[str, str]]] = {
    "user": lambda settings: (_with(settings, username="nobody_here"), "nobody_here"),
    "database": lambda settings: (_with(settings, database="nothing_here"), "nothing_here"),
    "host": lambda settings: (_with(settings, host="nowhere.invalid"), "nowhere.invalid"),
}
