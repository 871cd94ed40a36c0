"""A migrated database, and how many rows it has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.base import Base, register_models
from app.kit.db.engine import open_engine
from app.kit.db.migrations import upgrade
from app.settings import Settings
from tests.support.database import fresh_database


@asynccontextmanager
async def migrated_database() -> AsyncIterator[Settings]:
    """Yield settings for a migrated database, which is dropped in the end."""
    async with fresh_database() as url:
        settings = Settings(database_url=url, db_pool_size=5, db_prewarm=0)
        async with open_engine(settings) as engine, engine.connect() as connection:
            await upgrade(connection)
        yield settings


async def count_rows(engine: AsyncEngine) -> dict[str, int]:
    """Return how many rows are committed, by table."""
    register_models()
    async with engine.connect() as connection:
        return {
            name: await connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }
