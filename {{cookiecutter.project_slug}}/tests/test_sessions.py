"""What is not loaded is not fetched in passing."""

import pytest
from sqlalchemy.exc import InvalidRequestError

from app.companies import create_company
from app.db.session import Sessions


async def test_an_attribute_that_was_not_loaded_is_named(sessions: Sessions) -> None:
    async with sessions.write.begin() as session:
        company = await create_company(session, name="Acme", industry="Anvils")
    with pytest.raises(InvalidRequestError, match="customers"):
        company.customers  # noqa: B018  reading it is the test
