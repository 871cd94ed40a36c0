"""What only SQLite can get wrong."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.companies.queries import create_company, get_company, list_companies
from app.kit.db.engine import open_engine
from app.kit.db.failures import Failure, classify
from app.kit.db.session import Sessions, create_sessions
from app.settings import Settings


@pytest.mark.parametrize(
    ("pragma", "value"), [("foreign_keys", 1), ("journal_mode", "wal"), ("busy_timeout", 5000)]
)
async def test_every_connection_is_set_up(engine: AsyncEngine, pragma: str, value: object) -> None:
    async with engine.connect() as connection:
        assert await connection.scalar(text(f"PRAGMA {pragma}")) == value


async def test_no_update_is_lost(committing_sessions: Sessions) -> None:
    async with committing_sessions.write.begin() as session:
        company = await create_company(session, name="Acme", industry="0")

    async def count_up() -> None:
        async with committing_sessions.write.begin() as session:
            row = await get_company(session, company.id)
            row.industry = str(int(row.industry) + 1)

    await asyncio.gather(*(count_up() for _ in range(40)))
    async with committing_sessions.read() as session:
        assert (await get_company(session, company.id)).industry == "40"


async def test_readers_do_not_wait_for_a_writer(committing_sessions: Sessions) -> None:
    async with committing_sessions.write.begin() as writer:
        await create_company(writer, name="Acme", industry="Anvils")
        for factory in (committing_sessions.read, committing_sessions.snapshot):
            async with factory() as reader:
                assert (await list_companies(reader, limit=1)).items == []


async def test_a_writer_that_waits_too_long_is_told_so(
    settings: Settings, committing_sessions: Sessions
) -> None:
    hurried = settings.model_copy(update={"db_busy_timeout": 0.05})
    async with open_engine(hurried) as engine, committing_sessions.write.begin() as writer:
        await create_company(writer, name="Acme", industry="Anvils")
        with pytest.raises(OperationalError) as caught:
            async with create_sessions(engine).write.begin() as session:
                await create_company(session, name="Other", industry="Any")
    assert classify(caught.value) is Failure.UNAVAILABLE


async def test_a_snapshot_sees_one_moment(committing_sessions: Sessions) -> None:
    async with committing_sessions.snapshot() as reader:
        before = await list_companies(reader, limit=1)
        async with committing_sessions.write.begin() as writer:
            await create_company(writer, name="Acme", industry="Anvils")
        assert (await list_companies(reader, limit=1)).items == before.items == []
