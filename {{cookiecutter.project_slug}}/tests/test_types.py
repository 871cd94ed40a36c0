"""Column types mean the same on every database."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import StatementError

from app.companies import create_company
from app.db.session import Sessions
from app.models import Company

MOMENT = datetime(2026, 3, 29, 1, 59, 59, 123456, tzinfo=UTC)


@pytest.mark.parametrize("hours", [0, 5, -8])
async def test_moments_come_back_in_utc_with_microseconds(sessions: Sessions, hours: int) -> None:
    there = MOMENT.astimezone(timezone(timedelta(hours=hours)))
    async with sessions.write.begin() as session:
        company = Company(name="Acme", industry="Any", created_at=there)
        session.add(company)
    async with sessions.read() as session:
        stored = await session.get_one(Company, company.id)
    assert stored.created_at == MOMENT
    assert stored.created_at.tzinfo == UTC


async def test_a_moment_without_a_time_zone_is_refused(sessions: Sessions) -> None:
    async with sessions.write() as session:
        company = await create_company(session, name="Acme", industry="Any")
        company.created_at = MOMENT.replace(tzinfo=None)
        with pytest.raises(StatementError, match="has no time zone"):
            await session.flush()
