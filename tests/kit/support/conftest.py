"""Fixtures that only the kit's tests need."""

# Policy first: the event loop is chosen before anything imports a database driver.
import app.event_loop  # noqa: F401  importing it sets the policy

from collections.abc import AsyncIterator

import pytest

from app.kit.db.engine import open_engine
from app.kit.db.migrations import upgrade
from app.settings import Settings
from tests.support.database import fresh_database


@pytest.fixture
async def empty() -> AsyncIterator[Settings]:
    """Yield settings for a database without tables."""
    async with fresh_database() as url:
        yield Settings(database_url=url)


@pytest.fixture
async def migrated() -> AsyncIterator[Settings]:
    """Yield settings for a database that nobody else has open."""
    async with fresh_database() as url:
        settings = Settings(database_url=url, db_prewarm=3)
        async with open_engine(settings) as engine, engine.connect() as connection:
            await upgrade(connection)
        yield settings
