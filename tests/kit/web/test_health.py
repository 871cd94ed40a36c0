"""The health checks."""

from httpx2 import AsyncClient

from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.settings import Settings
from tests.kit.database import unreachable
from tests.support.client import open_client


async def test_health_is_ok(client: AsyncClient) -> None:
    response = await client.get("/health")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


async def test_ready_with_a_database(client: AsyncClient) -> None:
    response = await client.get("/ready")
    assert response.status_code == 200
    assert response.json() == {"status": "ready"}


async def test_without_a_database_the_service_lives_but_is_not_ready(settings: Settings) -> None:
    away = unreachable(settings)
    async with (
        open_engine(away) as engine,
        open_client(away, engine, create_sessions(engine)) as client,
    ):
        health = await client.get("/health")
        ready = await client.get("/ready")
        companies = await client.get("/api/v1/companies")
    assert health.status_code == 200
    for response in (ready, companies):
        assert response.status_code == 503
        assert response.headers["Retry-After"].isdigit()
        assert response.headers["Content-Type"] == "application/problem+json"
