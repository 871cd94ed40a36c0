"""A database for the tests."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.settings import Settings


def start_server(_stack: ExitStack) -> None:
    """Do nothing: SQLite has no server."""


@asynccontextmanager
async def fresh_database() -> AsyncIterator[str]:
    """Yield the URL of a database that is not there yet, and is deleted in the end."""
    with TemporaryDirectory() as directory:
        yield f"sqlite:///{Path(directory, 'test.db').as_posix()}"


async def delete_rows(engine: AsyncEngine, tables: Iterable[Table]) -> None:
    """Empty all `tables`, even if their foreign keys form a circle."""
    # Within a transaction the PRAGMA does nothing.
    async with engine.execution_options(sqlite_begin=None).connect() as connection:
        await connection.execute(text("PRAGMA foreign_keys = OFF"))
        try:
            for table in tables:
                await connection.execute(table.delete())
        finally:
            await connection.execute(text("PRAGMA foreign_keys = ON"))


async def count_connections(settings: Settings) -> int:
    """Return 1 if a process has the database open: the last to close it removes its log."""
    log = Path(f"{settings.sqlalchemy_url.database}-wal")
    return int(await asyncio.to_thread(log.exists))
