"""Real databases for services under test, and a look at who has them open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
from bake import ANSWERS
from devtools.local_postgres import local_postgres


@contextmanager
def database_for(driver: str, directory: Path) -> Iterator[str]:
    """Yield the DATABASE_URL of an empty database; its server, if any, ends with the block."""
    if ANSWERS["_drivers"][driver]["database"] == "sqlite":
        yield f"sqlite:///{(directory / 'service.db').as_posix()}"
    else:
        with local_postgres() as url:
            yield url


def count_connections(url: str, application_name: str) -> int:
    """Return how many connections to the database are open, or 1 for a file in use."""
    if url.startswith("sqlite"):
        # The last process that closes the database removes its log.
        return int(Path(f"{url.removeprefix('sqlite:///')}-wal").exists())
    return asyncio.run(_count(url, application_name))


async def _count(url: str, application_name: str) -> int:
    assert urlsplit(url).scheme == "postgresql"
    connection = await asyncpg.connect(url)
    try:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1"
        count: int = await connection.fetchval(query, application_name)
    finally:
        await connection.close()
    return count
