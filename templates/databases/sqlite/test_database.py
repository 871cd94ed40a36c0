"""The database of the tests, and what only it knows."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.settings import Settings

DOOMED = 409
"""What is answered when the COMMIT of a session that `doom` has seen fails."""

_FAIL_AT_COMMIT = [
    "PRAGMA defer_foreign_keys = ON",
    "INSERT INTO customers (company_id, name, email, created_at) VALUES (-1, 'x', 'x@y', '')",
]


def start_server(_stack: ExitStack) -> None:
    """Do nothing: SQLite has no server."""


async def doom(session: AsyncSession) -> None:
    """Do what passes until COMMIT, which then fails."""
    connection = await session.connection()
    for statement in _FAIL_AT_COMMIT:
        await connection.exec_driver_sql(statement)


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


def unreachable(settings: Settings) -> Settings:
    """Return `settings` for a file in a folder that is not there."""
    path = Path(settings.sqlalchemy_url.database or "", "missing", "test.db")
    return Settings(database_url=f"sqlite:///{path.as_posix()}")


async def count_connections(settings: Settings) -> int:
    """Return 1 if a process has the database open: the last to close it removes its log."""
    log = Path(f"{settings.sqlalchemy_url.database}-wal")
    return int(await asyncio.to_thread(log.exists))


# A setting for DATABASE_URL, and what the sentence about it must name.
MISTAKES: dict[str, Callable[[Settings], tuple[str, str]]] = {
    "a file of another kind": lambda _: (f"sqlite:///{Path(__file__).as_posix()}", "not a SQLite"),
    "a folder": lambda _: (f"sqlite:///{Path(__file__).parent.as_posix()}", "can't be opened"),
}
