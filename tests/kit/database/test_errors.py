"""Failures are told apart by what the database says, provoked on the real one."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.engine import open_engine
from app.kit.db.failures import Failure, classify
from app.kit.db.session import Sessions
from app.settings import Settings
from tests.kit.database import unreachable
from tests.kit.provocations import PROVOCATIONS, Provoke


@pytest.mark.parametrize("provoke", PROVOCATIONS)
async def test_what_a_statement_s_refusal_means(sessions: Sessions, provoke: Provoke) -> None:
    async with sessions.write() as session:
        with pytest.raises(SQLAlchemyError) as caught:
            await provoke(session)
    assert classify(caught.value) is PROVOCATIONS[provoke]


async def assert_unavailable(engine: AsyncEngine) -> None:
    """Check that `engine` can't be used at the moment, and that its error says so."""
    with pytest.raises(SQLAlchemyError) as caught:
        async with engine.connect():
            pass
    assert classify(caught.value) is Failure.UNAVAILABLE


async def test_an_exhausted_pool(settings: Settings) -> None:
    small = settings.model_copy(update={"db_pool_size": 1, "db_pool_timeout": 0.05})
    async with open_engine(small) as engine:
        async with engine.connect():
            await assert_unavailable(engine)
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1


async def test_a_database_that_is_away(settings: Settings) -> None:
    async with open_engine(unreachable(settings)) as engine:
        await assert_unavailable(engine)
