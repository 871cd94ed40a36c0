"""What the fixtures promise: tests do not see each other's rows."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.companies.model import Company
from app.companies.queries import create_company
from app.kit.db.session import Sessions, create_sessions

COUNT = select(func.count()).select_from(Company)


@pytest.mark.parametrize("turn", [1, 2])
async def test_a_commit_in_a_test_is_undone(
    sessions: Sessions, engine: AsyncEngine, turn: int
) -> None:
    async with sessions.write.begin() as session:
        await create_company(session, name="Acme", industry=f"Turn {turn}")
    async with sessions.read() as session:
        assert await session.scalar(COUNT) == 1
    async with create_sessions(engine).read() as session:
        assert await session.scalar(COUNT) == 0


async def test_a_rollback_in_a_test_keeps_what_was_committed_before(sessions: Sessions) -> None:
    async with sessions.write.begin() as session:
        await create_company(session, name="Acme", industry="Anvils")
    async with sessions.write() as session:
        await create_company(session, name="Other", industry="Any")
        await session.rollback()
    async with sessions.read() as session:
        assert await session.scalar(COUNT) == 1


@pytest.mark.parametrize("turn", [1, 2])
async def test_committing_sessions_commit(
    committing_sessions: Sessions, engine: AsyncEngine, turn: int
) -> None:
    async with committing_sessions.write.begin() as session:
        await create_company(session, name="Acme", industry=f"Turn {turn}")
    async with create_sessions(engine).read() as session:
        assert await session.scalar(COUNT) == 1
