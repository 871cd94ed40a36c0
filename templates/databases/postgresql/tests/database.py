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
from devtools.local_postgres import local_database
from devtools.local_server import LocalServerError
# {% endif %}


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
    if names := ", ".join(map(engine.dialect.identifier_preparer.format_table, tables)):
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
