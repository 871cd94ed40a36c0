"""Real databases for services under test, and a look at who has them open."""

from __future__ import annotations

import asyncio
import atexit
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncmy
import asyncpg
import pytest
from devtools.local_mariadb import local_database as local_mariadb
from devtools.local_postgres import local_database as local_postgres
from devtools.local_server import LocalServerError

from support.bake import ANSWERS

_LASTING = ExitStack()
"""What ends with this process."""
atexit.register(_LASTING.close)


@contextmanager
def database_for(driver: str, directory: Path) -> Iterator[str]:
    """Yield the DATABASE_URL of an empty database, which ends with the block.

    Its server goes on for the next test of this process: to start one takes longer than most tests.
    """
    kind = kind_of(driver)
    if kind == "sqlite":
        yield f"sqlite:///{(directory / 'service.db').as_posix()}"
    else:
        with new_database(_shared_server(kind)) as url:
            yield url


def environment_of_tests(driver: str) -> dict[str, str]:
    """Return what lets the tests of a project use the server that this process shares."""
    kind = kind_of(driver)
    return {} if kind == "sqlite" else {"TEST_DATABASE_URL": _shared_server(kind)}


def lasting_database(driver: str, directory: Path) -> str:
    """Return the DATABASE_URL of an empty database that lasts as long as this process."""
    return _LASTING.enter_context(database_for(driver, directory))


@contextmanager
def copied_database(url: str, directory: Path) -> Iterator[str]:
    """Yield the DATABASE_URL of a copy of a database that nobody has open, on PostgreSQL or SQLite.

    It ends with the block.
    """
    if url.startswith("sqlite"):
        copy = directory / "service.db"
        shutil.copyfile(url.removeprefix("sqlite:///"), copy)
        yield f"sqlite:///{copy.as_posix()}"
    else:
        name = urlsplit(url).path.removeprefix("/")
        with new_database(_shared_server("postgresql"), template=name) as copied:
            yield copied


def server_for(driver: str) -> AbstractContextManager[str]:
    """Return the DATABASE_URL of a server that a test has for itself, and that ends with the block.

    For what concerns a server as a whole: its accounts, its settings, its end.
    """
    return _new_server(kind_of(driver))


@contextmanager
def mariadb() -> Iterator[str]:
    """Yield the URL of a MariaDB; skip the test, with the reason, where there is none."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(local_mariadb())
        except LocalServerError as error:
            pytest.skip(str(error))
        yield url


def kind_of(driver: str) -> str:
    """Return "postgresql", "mysql" or "sqlite"."""
    return str(ANSWERS["_drivers"][driver]["database"])


@contextmanager
def new_database(server: str, *, template: str = "") -> Iterator[str]:
    """Yield the URL of a new database on the server at this URL, a copy of `template` if given."""
    name = f"d{uuid4().hex}"
    like = f" TEMPLATE {template}" if template else ""
    execute(server, f"CREATE DATABASE {name}{like}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        # Whoever is still connected loses the database, as with a server that stops.
        ending = " WITH (FORCE)" if server.startswith("postgresql") else ""
        execute(server, f"DROP DATABASE {name}{ending}")


def execute(url: str, statement: str) -> None:
    """Execute one statement, outside of transactions."""
    asyncio.run(_execute(url, statement))


@cache
def _shared_server(kind: str) -> str:
    return _LASTING.enter_context(_new_server(kind))


def _new_server(kind: str) -> AbstractContextManager[str]:
    return mariadb() if kind == "mysql" else local_postgres()


async def _execute(url: str, statement: str) -> None:
    if url.startswith("mysql"):
        async with _connected(url) as connection, connection.cursor() as cursor:
            await cursor.execute(statement)
    else:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    parts = urlsplit(url)
    connection = await asyncmy.connect(
        host=parts.hostname, port=parts.port, user=parts.username, password=parts.password
    )
    try:
        yield connection
    finally:
        await connection.ensure_closed()


def count_connections(url: str, application_name: str) -> int:
    """Return how many connections to the database are open, or 1 for a file in use."""
    if url.startswith("sqlite"):
        # The last process that closes the database removes its log.
        return int(Path(f"{url.removeprefix('sqlite:///')}-wal").exists())
    if url.startswith("mysql"):
        return asyncio.run(_count_mysql(url))
    return asyncio.run(_count(url, application_name))


async def _count_mysql(url: str) -> int:
    async with _connected(url) as connection, connection.cursor() as cursor:
        # Who we are is only in the performance_schema, which is usually off.
        query = "SELECT count(*) FROM information_schema.processlist WHERE db = %s"
        await cursor.execute(query, (urlsplit(url).path.removeprefix("/"),))
        [count] = await cursor.fetchone()
    return int(count)


async def _count(url: str, application_name: str) -> int:
    assert urlsplit(url).scheme == "postgresql"
    connection = await asyncpg.connect(url)
    try:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1"
        query += " AND datname = current_database()"
        count: int = await connection.fetchval(query, application_name)
    finally:
        await connection.close()
    return count
