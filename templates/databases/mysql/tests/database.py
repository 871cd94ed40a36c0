"""The database server of the tests, and a database of their own on it."""

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, asynccontextmanager
from uuid import uuid4

import pytest
from sqlalchemy import Table, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

# {% if not cookiecutter.__local_database %}
from app.kit.commands.settings import NO_DATABASE
# {% endif %}
from app.kit.db.engine import open_engine
from app.settings import Settings
# {% if cookiecutter.__local_database %}
from devtools.local_mariadb import local_database
from devtools.local_server import LocalServerError

# Why there is no server, for the processes of xdist too.
_REASON = "NO_TEST_DATABASE"
# {% endif %}


# {% if cookiecutter.__local_database %}
def start_server(stack: ExitStack) -> None:
    """Start a server that `stack` will stop, unless TEST_DATABASE_URL names one.

    The user that it names must be allowed to create databases. Without a server the tests
    that need one are skipped, and tell why.
    """
    if "TEST_DATABASE_URL" not in os.environ:
        try:
            os.environ["TEST_DATABASE_URL"] = stack.enter_context(local_database())
        except LocalServerError as error:
            os.environ[_REASON] = str(error)
            stack.callback(os.environ.pop, _REASON)
        else:
            stack.callback(os.environ.pop, "TEST_DATABASE_URL")
# {% else %}
def start_server(_stack: ExitStack) -> None:
    """End the tests, with the sentence that says what to do, unless TEST_DATABASE_URL is set.

    The user that it names must be allowed to create databases.
    """
    if "TEST_DATABASE_URL" not in os.environ:
        raise pytest.UsageError(NO_DATABASE)
# {% endif %}


@asynccontextmanager
async def fresh_database() -> AsyncIterator[str]:
    """Yield the URL of an empty database, which is dropped in the end."""
    # {% if cookiecutter.__local_database %}
    if reason := os.environ.get(_REASON):
        pytest.skip(reason)
    # {% endif %}
    server = Settings(database_url=os.environ["TEST_DATABASE_URL"])
    name = f"test_{uuid4().hex}"
    async with open_engine(server) as engine:
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            url = make_url(os.environ["TEST_DATABASE_URL"]).set(database=name)
            yield url.render_as_string(hide_password=False)
        finally:
            async with engine.connect() as connection:
                await connection.execute(text(f"DROP DATABASE {name}"))


async def delete_rows(engine: AsyncEngine, tables: Iterable[Table]) -> None:
    """Empty all `tables`, even if their foreign keys form a circle."""
    async with engine.begin() as connection:
        await connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
        try:
            for table in tables:
                await connection.execute(table.delete())
        finally:
            await connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))


async def count_connections(settings: Settings) -> int:
    """Return how many connections a service with `settings` has open."""
    query = text(
        "SELECT count(*) FROM information_schema.processlist"
        " WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    )
    async with open_engine(settings) as engine, engine.connect() as connection:
        count: int = await connection.scalar(query)
    return count
