"""Failures are told apart by what the database says, provoked on the real one."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app import companies
from app.companies import create_company
from app.config import Settings
from app.db.engine import open_engine
from app.db.errors import Failure, classify
from app.db.session import Sessions, create_sessions
from app.models import Company, Customer
from tests.client import open_client
from tests.database import unreachable

Provoke = Callable[[AsyncSession], Awaitable[None]]


async def take_a_name_twice(session: AsyncSession) -> None:
    for _ in range(2):
        session.add(Company(name="Acme", industry="Anvils"))
        await session.flush()


async def refer_to_nothing(session: AsyncSession) -> None:
    session.add(Customer(company_id=4711, name="Ines", email="ines@example.com"))
    await session.flush()


async def break_a_check(session: AsyncSession) -> None:
    session.add(Company(name="", industry="Anvils"))
    await session.flush()


async def misspell(session: AsyncSession) -> None:
    await session.execute(text("SELECT 1 FROM nowhere"))


PROVOCATIONS: dict[Provoke, tuple[Failure, int]] = {
    take_a_name_twice: (Failure.CONFLICT, 409),
    refer_to_nothing: (Failure.CONFLICT, 409),
    break_a_check: (Failure.UNEXPECTED, 500),
    misspell: (Failure.UNEXPECTED, 500),
}


@pytest.mark.parametrize("provoke", PROVOCATIONS)
async def test_what_a_statement_s_refusal_means(sessions: Sessions, provoke: Provoke) -> None:
    async with sessions.write() as session:
        with pytest.raises(SQLAlchemyError) as caught:
            await provoke(session)
    assert classify(caught.value) is PROVOCATIONS[provoke][0]


@pytest.mark.parametrize("provoke", PROVOCATIONS)
async def test_what_a_statement_s_refusal_is_answered_with(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch, provoke: Provoke
) -> None:
    async def create_and_provoke(session: AsyncSession, **values: Any) -> Company:
        company = await create_company(session, **values)
        await provoke(session)
        return company

    monkeypatch.setattr(companies, "create_company", create_and_provoke)
    body = {"name": "Someone", "industry": "Anything"}
    response = await client.post("/api/v1/companies", json=body)
    assert response.status_code == PROVOCATIONS[provoke][1]
    assert response.headers["Content-Type"] == "application/problem+json"


async def assert_unavailable(settings: Settings, engine: AsyncEngine) -> None:
    """Check that a service on `engine` can't be used at the moment, and says so."""
    with pytest.raises(SQLAlchemyError) as caught:
        async with engine.connect():
            pass
    assert classify(caught.value) is Failure.UNAVAILABLE
    async with open_client(settings, engine, create_sessions(engine)) as client:
        body = {"name": "Acme", "industry": "Anvils"}
        for response in (
            await client.get("/api/v1/companies"),
            await client.post("/api/v1/companies", json=body),
        ):
            assert response.status_code == 503
            assert response.headers["Retry-After"].isdigit()


async def test_an_exhausted_pool(settings: Settings) -> None:
    small = settings.model_copy(update={"db_pool_size": 1, "db_pool_timeout": 0.05})
    async with open_engine(small) as engine:
        async with engine.connect():
            await assert_unavailable(small, engine)
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1


async def test_a_database_that_is_away(settings: Settings) -> None:
    away = unreachable(settings)
    async with open_engine(away) as engine:
        await assert_unavailable(away, engine)
