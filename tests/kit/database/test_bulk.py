"""Many rows at once, however the driver likes them best."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.companies.model import Company
from app.kit.db.base import Base
from app.kit.db.bulk import bulk_insert
from app.kit.db.session import Sessions
from app.kit.db.types import utc_now

COLUMNS = ["name", "industry", "created_at", "updated_at"]
TABLE = Base.metadata.tables["companies"]
NOTES = sa.Table(
    "notes",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("text", sa.String(100)),
    sa.Column("number", sa.Integer, default=lambda: 1 / 0),
    prefixes=["TEMPORARY"],
)


def rows(count: int) -> list[tuple[Any, ...]]:
    """Return companies."""
    now = utc_now()
    return [(f"Company {number}", "Counting", now, now) for number in range(count)]


async def test_texts_and_times_arrive_as_they_are(sessions: Sessions) -> None:
    text = "100 % 'żółć' \"日本\" \\ 🙂 %s ?"
    here = datetime(2026, 3, 29, 1, 30, 0, 123456, timezone(timedelta(hours=-11)))
    async with sessions.write.begin() as session:
        connection = await session.connection()
        await bulk_insert(connection, TABLE, COLUMNS, iter([(text, "Any", here, here)]))
    async with sessions.read() as session:
        [company] = await session.scalars(sa.select(Company))
    assert (company.name, company.created_at) == (text, here)


@pytest.mark.parametrize("count", [0, 1, 2_001])
async def test_all_rows_arrive(sessions: Sessions, count: int) -> None:
    async with sessions.write.begin() as session:
        await bulk_insert(await session.connection(), TABLE, COLUMNS, rows(count))
    async with sessions.read() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(Company)) == count


@pytest.mark.parametrize("texts", [[None, None], [None, "a"], ["a", None]])
async def test_what_is_not_there_is_null(engine: AsyncEngine, texts: list[str | None]) -> None:
    async with engine.connect() as connection:
        await connection.run_sync(NOTES.create)
        await bulk_insert(connection, NOTES, ["id", "text"], list(enumerate(texts)))
        found = (await connection.execute(sa.select(NOTES).order_by(NOTES.c.id))).all()
        assert found == [(id_, text, None) for id_, text in enumerate(texts)]
        await connection.run_sync(NOTES.drop)


async def test_a_row_that_is_refused_takes_all_with_it(committing_sessions: Sessions) -> None:
    twice = rows(10) + rows(1)
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        async with committing_sessions.write.begin() as session:
            await bulk_insert(await session.connection(), TABLE, COLUMNS, twice)
    async with committing_sessions.read() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(Company)) == 0


async def test_it_is_committed_with_its_transaction(
    engine: AsyncEngine, committing_sessions: Sessions
) -> None:
    async with engine.connect() as connection:
        await bulk_insert(connection, TABLE, COLUMNS, rows(3))
        await connection.rollback()
        await bulk_insert(connection, TABLE, COLUMNS, rows(2))
        await connection.commit()
    async with committing_sessions.read() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(Company)) == 2
