"""Sessions that only read can't write."""

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.companies import create_company
from app.db.session import ReadOnlyError, Sessions, create_sessions
from app.db.types import utc_now
from app.models import Company


@pytest.fixture(params=["read", "snapshot"])
def kind(request: pytest.FixtureRequest) -> str:
    """Return the name of each factory of sessions that only read."""
    return str(request.param)


async def test_they_read(sessions: Sessions, kind: str) -> None:
    async with sessions.write.begin() as session:
        await create_company(session, name="Acme", industry="Anvils")
    async with getattr(sessions, kind)() as session:
        assert (await session.scalars(select(Company.name))).all() == ["Acme"]


async def test_they_refuse_to_flush(engine: AsyncEngine, kind: str) -> None:
    async with getattr(create_sessions(engine), kind)() as session:
        session.add(Company(name="Acme", industry="Anvils"))
        with pytest.raises(ReadOnlyError):
            await session.flush()


@pytest.mark.parametrize(
    "statement",
    [
        insert(Company).values(name="Acme", industry="Any", created_at=utc_now()),
        update(Company).values(name="Acme"),
        delete(Company),
        text("DELETE FROM companies"),
    ],
    ids=["insert", "update", "delete", "text"],
)
async def test_they_refuse_statements_that_write(
    engine: AsyncEngine, kind: str, statement: object
) -> None:
    async with getattr(create_sessions(engine), kind)() as session:
        with pytest.raises(ReadOnlyError):
            await session.execute(statement)


async def test_work_after_the_answer_has_a_session_of_its_own(sessions: Sessions) -> None:
    async with sessions.write.begin() as over:
        company = await create_company(over, name="Acme", industry="Anvils")
    with pytest.raises(InvalidRequestError, match="permanently closed"):
        await over.scalar(select(Company.id))
    async with sessions.write.begin() as own:
        assert await own.get(Company, company.id)


async def test_an_attribute_that_was_not_loaded_is_named(sessions: Sessions) -> None:
    async with sessions.write.begin() as session:
        company = await create_company(session, name="Acme", industry="Anvils")
    with pytest.raises(InvalidRequestError, match="customers"):
        company.customers  # noqa: B018  reading it is the test
