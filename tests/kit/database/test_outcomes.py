"""How transactions end is noted, and only their end."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.queries import create_company, list_companies
from app.kit.db.outcomes import noted_outcomes
from app.kit.db.session import Sessions
from tests.kit.database import doom


async def test_a_commit_is_noted_and_a_read_is_not(committing_sessions: Sessions) -> None:
    with noted_outcomes() as outcomes:
        async with committing_sessions.write.begin() as session:
            await create_company(session, name="Acme", industry="Anvils")
            assert not outcomes
        assert outcomes == ["committed"]
        async with committing_sessions.snapshot() as session:
            await list_companies(session, limit=1)
    assert outcomes == ["committed"]


async def fail(_session: AsyncSession) -> None:
    """Fail before the COMMIT."""
    raise ZeroDivisionError


@pytest.mark.parametrize(("then", "outcome"), [(fail, "rolled back"), (doom, "commit failed")])
async def test_a_failure_is_noted(
    committing_sessions: Sessions, then: Callable[[AsyncSession], Awaitable[object]], outcome: str
) -> None:
    async def create() -> None:
        async with committing_sessions.write.begin() as session:
            await create_company(session, name="Acme", industry="Anvils")
            await then(session)

    with noted_outcomes() as outcomes, pytest.raises((ZeroDivisionError, SQLAlchemyError)):
        await create()
    assert outcomes == [outcome]


async def test_a_savepoint_is_not_noted(committing_sessions: Sessions) -> None:
    with noted_outcomes() as outcomes:
        async with committing_sessions.write.begin() as session:
            async with session.begin_nested():
                await create_company(session, name="Acme", industry="Anvils")
            undone = await session.begin_nested()
            await create_company(session, name="Umbrella", industry="Pharma")
            await undone.rollback()
            assert not outcomes
    assert outcomes == ["committed"]
