"""The export is streamed."""

import json

from httpx2 import AsyncClient

from app.companies.queries import EXPORT_BATCH
from app.kit.db.engine import open_engine
from app.kit.db.session import Sessions, create_sessions
from app.settings import Settings
from scripts.create_test_data import create_test_data
from tests.kit.database import unreachable
from tests.support.client import open_client

PATH = "/api/v1/companies/export"


async def test_it_has_every_company_on_a_line(client: AsyncClient, sessions: Sessions) -> None:
    count = 2 * EXPORT_BATCH + 1
    async with sessions.write.begin() as session:
        await create_test_data(await session.connection(), companies=count, customers=0)
    response = await client.get(PATH)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert len(lines) == count
    assert [line["id"] for line in lines] == sorted(line["id"] for line in lines)
    company = await client.get(f"/api/v1/companies/{lines[0]['id']}")
    assert lines[0] == company.json()


async def test_it_may_be_empty(client: AsyncClient) -> None:
    response = await client.get(PATH)
    assert response.status_code == 200
    assert response.content == b""


async def test_it_is_no_success_when_the_database_is_away(settings: Settings) -> None:
    away = unreachable(settings)
    async with (
        open_engine(away) as engine,
        open_client(away, engine, create_sessions(engine)) as client,
    ):
        assert (await client.get(PATH)).status_code == 503
