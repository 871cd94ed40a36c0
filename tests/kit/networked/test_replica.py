"""With a replica, what only reads goes there; here another database stands for it."""

from collections.abc import AsyncIterator

import pytest

from app.companies.queries import create_company, list_companies
from app.kit.db.database import open_database
from app.kit.db.engine import open_engine
from app.kit.db.migrations import upgrade
from app.settings import Settings
from tests.kit.database import unreachable
from tests.support.database import fresh_database


@pytest.fixture
async def split() -> AsyncIterator[Settings]:
    """Yield settings for two databases, both of them migrated."""
    async with fresh_database() as primary, fresh_database() as replica:
        settings = Settings(database_url=primary, database_read_url=replica, db_pool_size=2)
        for address in (settings, settings.replica):
            assert address
            async with open_engine(address) as engine, engine.connect() as connection:
                await upgrade(connection)
        yield settings


async def test_what_only_reads_goes_to_the_replica(split: Settings) -> None:
    async with open_database(split, prewarm=1) as database:
        async with database.sessions.write.begin() as session:
            await create_company(session, name="Acme", industry="Anvils")
            assert (await list_companies(session, limit=2)).items
        for factory in (database.sessions.read, database.sessions.snapshot):
            async with factory() as session:
                assert not (await list_companies(session, limit=2)).items
        assert await database.readiness.check()


async def test_both_must_be_ready(split: Settings) -> None:
    away = unreachable(split).database_url
    halves = split.model_copy(update={"database_read_url": away})
    async with open_database(halves, prewarm=0) as database:
        assert not await database.readiness.check()
