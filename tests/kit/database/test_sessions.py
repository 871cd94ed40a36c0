"""A session is closed when its block ends, and loads nothing implicitly."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError

from app.companies.model import Company
from app.companies.queries import create_company
from app.kit.db.session import Sessions


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
