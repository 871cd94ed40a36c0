"""Real databases for services under test, and a look at who has them open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncmy
import asyncpg
import pytest
from devtools.local_mariadb import local_database as local_mariadb
from devtools.local_postgres import local_database as local_postgres
from devtools.local_server import LocalServerError

from support.bake import ANSWERS


@contextmanager
def database_for(driver: str, directory: Path) -> Iterator[str]:
    """Yield the DATABASE_URL of an empty database; its server, if any, ends with the block."""
    database = ANSWERS["_drivers"][driver]["database"]
    if database == "sqlite":
        yield f"sqlite:///{(directory / 'service.db').as_posix()}"
    elif database == "mysql":
        with mariadb() as url:
            yield url
    else:
        with local_postgres() as url:
            yield url


@contextmanager
def mariadb() -> Iterator[str]:
    """Yield the URL of a MariaDB; skip the test, with the reason, where there is none."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(local_mariadb())
        except LocalServerError as error:
            pytest.skip(str(error))
        yield url


def count_connections(url: str, application_name: str) -> int:
    """Return how many connections to the database are open, or 1 for a file in use."""
    if url.startswith("sqlite"):
        # The last process that closes the database removes its log.
        return int(Path(f"{url.removeprefix('sqlite:///')}-wal").exists())
    if url.startswith("mysql"):
        return asyncio.run(_count_mysql(url))
    return asyncio.run(_count(url, application_name))


async def _count_mysql(url: str) -> int:
    parts = urlsplit(url)
    connection = await asyncmy.connect(
        host=parts.hostname, port=parts.port, user=parts.username, password=parts.password
    )
    try:
        cursor = connection.cursor()
        # Who we are is only in the performance_schema, which is usually off.
        query = "SELECT count(*) FROM information_schema.processlist WHERE db = %s"
        await cursor.execute(query, (parts.path.removeprefix("/"),))
        [count] = await cursor.fetchone()
    finally:
        await connection.ensure_closed()
    return int(count)


async def _count(url: str, application_name: str) -> int:
    assert urlsplit(url).scheme == "postgresql"
    connection = await asyncpg.connect(url)
    try:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1"
        count: int = await connection.fetchval(query, application_name)
    finally:
        await connection.close()
    return count
