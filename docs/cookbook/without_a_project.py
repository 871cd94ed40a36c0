"""What recipes import from a project, for those who have none."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, TypeVar

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

T = TypeVar("T")
DIALECTS = {
    "mysql": "mysql+asyncmy",
    "postgresql": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` on a new event loop: on Windows on the one that every driver can use."""
    loop = asyncio.SelectorEventLoop if sys.platform == "win32" else None
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(main)


class Settings:
    """The address of the database, in DATABASE_URL, and options of the pool."""

    def __init__(self) -> None:
        url = make_url(os.environ["DATABASE_URL"])
        # A URL without a driver would be for a synchronous one.
        self.sqlalchemy_url = url.set(drivername=DIALECTS.get(url.drivername, url.drivername))
        self.options: dict[str, Any] = {"pool_size": 10, "max_overflow": 0}


def load_settings(kind: type[Settings], options: Mapping[str, Any] | None = None) -> Settings:
    settings = kind()
    # Such as db_pool_timeout.
    settings.options |= {name.removeprefix("db_"): it for name, it in (options or {}).items()}
    return settings


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(settings.sqlalchemy_url, hide_parameters=True, **settings.options)
    try:
        yield engine
    finally:
        await engine.dispose()


def create_sessions(engine: AsyncEngine) -> Any:
    """Return factories: `write` for transactions, `read` for one statement after the other."""
    reading = engine.execution_options(isolation_level="AUTOCOMMIT")
    return SimpleNamespace(
        write=async_sessionmaker(engine, expire_on_commit=False),
        read=async_sessionmaker(reading, expire_on_commit=False),
    )
