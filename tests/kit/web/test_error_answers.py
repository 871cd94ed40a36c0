"""What clients are told about failures of the database."""

from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.companies import queries
from app.companies.model import Company
from app.companies.queries import create_company
from app.kit.db.engine import open_engine
from app.kit.db.failures import Failure
from app.kit.db.session import create_sessions
from app.settings import Settings
from tests.kit.database import unreachable
from tests.kit.provocations import PROVOCATIONS, Provoke
from tests.support.client import open_client

STATUSES = {Failure.CONFLICT: 409, Failure.UNEXPECTED: 500}


@pytest.mark.parametrize("provoke", PROVOCATIONS)
async def test_what_a_statement_s_refusal_is_answered_with(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch, provoke: Provoke
) -> None:
    async def create_and_provoke(session: AsyncSession, **values: Any) -> Company:
        company = await create_company(session, **values)
        await provoke(session)
        return company

    monkeypatch.setattr(queries, "create_company", create_and_provoke)
    body = {"name": "Someone", "industry": "Anything"}
    response = await client.post("/api/v1/companies", json=body)
    assert response.status_code == STATUSES[PROVOCATIONS[provoke]]
    assert response.headers["Content-Type"] == "application/problem+json"


async def assert_unavailable(settings: Settings, engine: AsyncEngine) -> None:
    """Check that a service on `engine` says that it can't be used at the moment."""
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
