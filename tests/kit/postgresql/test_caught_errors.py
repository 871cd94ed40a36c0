"""Errors of statements that are caught: what was written before is not lost without a word."""

from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.model import Company
from app.companies.queries import create_company
from app.kit.db.session import Sessions
from app.kit.db.undone import UndoneError

ADD = text(
    "INSERT INTO companies (name, industry, created_at, updated_at) VALUES (:n, 'x', now(), now())"
)
SOME = [{"n": "One"}, {"n": "Two"}]


async def fail(session: AsyncSession, statement: str = "SELECT 1 / 0") -> None:
    with suppress(DBAPIError):
        await session.execute(text(statement))


async def count(sessions: Sessions) -> int:
    async with sessions.read() as session:
        return await session.scalar(text("SELECT count(*) FROM companies")) or 0


@pytest.mark.parametrize("failing", ["SELECT 1 / 0", "DELETE FROM companies WHERE 1 / 0 = 1"])
@pytest.mark.parametrize("written", ["flush", "statement", "many"])
async def test_what_was_written_before_is_not_lost_in_silence(
    committing_sessions: Sessions, written: str, failing: str
) -> None:
    async def unit() -> None:
        async with committing_sessions.write.begin() as session:
            if written == "flush":
                await create_company(session, name="Acme", industry="Anvils")
            else:
                await session.execute(ADD, SOME if written == "many" else SOME[0])
            await fail(session, failing)

    with pytest.raises(UndoneError, match=r"22012.*begin_nested"):
        await unit()
    assert await count(committing_sessions) == 0
    # The connection is as good as new.
    async with committing_sessions.write.begin() as session:
        await session.execute(ADD, SOME)
    assert await count(committing_sessions) == len(SOME)


async def test_where_nothing_was_written_nothing_is_lost(committing_sessions: Sessions) -> None:
    async with committing_sessions.write.begin() as session:
        await session.get(Company, 1)
        await fail(session, "DELETE FROM companies WHERE 1 / 0 = 1")


async def test_a_savepoint_keeps_what_was_written(committing_sessions: Sessions) -> None:
    async with committing_sessions.write.begin() as session:
        await session.execute(ADD, SOME)
        with suppress(DBAPIError):
            async with session.begin_nested():
                await session.execute(ADD, {"n": "Three"})
                await session.execute(text("SELECT 1 / 0"))
    assert await count(committing_sessions) == len(SOME)


async def test_what_the_driver_refuses_undoes_nothing(committing_sessions: Sessions) -> None:
    async with committing_sessions.write.begin() as session:
        await session.execute(ADD, SOME)
        with pytest.raises(StatementError):
            await session.execute(text("SELECT CAST(:value AS integer)"), {"value": object()})
    assert await count(committing_sessions) == len(SOME)


async def test_an_error_that_is_not_caught_stays_itself(committing_sessions: Sessions) -> None:
    async def unit() -> None:
        async with committing_sessions.write.begin() as session:
            await session.execute(ADD, SOME)
            await session.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError, match="zero"):
        await unit()
    assert await count(committing_sessions) == 0
