"""One request, one transaction: all of it or nothing, and never a 2xx for nothing."""

from collections.abc import Awaitable, Callable

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.companies import queries
from app.companies.model import Company
from tests.kit.database import DOOMED, doom

ACME = {"name": "Acme", "industry": "Anvils"}

Then = Callable[[AsyncSession], Awaitable[object]]


@pytest.fixture
def after_create(monkeypatch: pytest.MonkeyPatch) -> Callable[[Then], None]:
    """Return a function that adds a step to the creation of a company."""
    create = queries.create_company

    def add(then: Then) -> None:
        async def create_and_then(session: AsyncSession, **values: str) -> Company:
            company = await create(session, **values)
            await then(session)
            return company

        monkeypatch.setattr(queries, "create_company", create_and_then)

    return add


async def count_companies(engine: AsyncEngine) -> int:
    """Return how many companies are committed."""
    async with engine.connect() as connection:
        count: int = await connection.scalar(text("SELECT count(*) FROM companies"))
    return count


async def test_what_was_answered_is_committed(
    committing_client: AsyncClient, engine: AsyncEngine
) -> None:
    response = await committing_client.post("/api/v1/companies", json=ACME)
    assert response.status_code == 201
    assert await count_companies(engine) == 1


async def test_a_request_that_fails_leaves_no_row(
    committing_client: AsyncClient,
    engine: AsyncEngine,
    after_create: Callable[[Then], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(_session: AsyncSession) -> None:
        raise RuntimeError("after the flush")

    after_create(fail)
    response = await committing_client.post("/api/v1/companies", json=ACME)
    assert response.status_code == 500
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "after the flush" not in response.text
    assert "after the flush" in caplog.text
    assert await count_companies(engine) == 0


async def test_a_commit_that_fails_is_no_success(
    committing_client: AsyncClient, engine: AsyncEngine, after_create: Callable[[Then], None]
) -> None:
    after_create(doom)
    response = await committing_client.post("/api/v1/companies", json=ACME)
    assert response.status_code == DOOMED
    assert await count_companies(engine) == 0


async def test_an_unexpected_database_error_tells_and_logs_no_values(
    committing_client: AsyncClient,
    engine: AsyncEngine,
    after_create: Callable[[Then], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Not in the statement's line, which the log quotes.
    value = "hunter2"

    async def misspell(session: AsyncSession) -> None:
        await session.execute(text("SELECT :value FROM nowhere"), {"value": value})

    after_create(misspell)
    response = await committing_client.post("/api/v1/companies", json=ACME)
    assert response.status_code == 500
    assert "nowhere" not in response.text
    assert "POST /api/v1/companies failed" in caplog.text
    assert value not in caplog.text
    assert await count_companies(engine) == 0
