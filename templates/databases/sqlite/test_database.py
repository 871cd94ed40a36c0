"""The database of the tests, and what only it knows."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.ext.asyncio import AsyncEngine

from app.config import Settings

# Passes until COMMIT, which fails.
FAIL_AT_COMMIT = [
    "PRAGMA defer_foreign_keys = ON",
    "INSERT INTO customers (company_id, name, email, created_at)"
    " VALUES (-1, 'Nobody', 'nobody@example.com', '2026-01-01 00:00:00.000000')",
]


def start_server(_stack: ExitStack) -> None:
    """Do nothing: SQLite has no server."""


@asynccontextmanager
async def fresh_database() -> AsyncIterator[str]:
    """Yield the URL of a database that is not there yet, and is deleted in the end."""
    with TemporaryDirectory() as directory:
        yield f"sqlite:///{Path(directory, 'test.db').as_posix()}"


def unreachable(settings: Settings) -> Settings:
    """Return `settings` for a file in a folder that is not there."""
    path = Path(settings.sqlalchemy_url.database or "", "missing", "test.db")
    return Settings(database_url=f"sqlite:///{path.as_posix()}")


async def count_connections(_engine: AsyncEngine, settings: Settings) -> int:
    """Return 1 if a process has the database open: the last to close it removes the log."""
    return int(Path(f"{settings.sqlalchemy_url.database}-wal").exists())
