"""The service as a process: it starts, answers, stops, and leaves nothing open."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.companies.queries import create_company, update_company
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.settings import Settings
from tests.kit.service import Service, running_service
from tests.support.database import count_connections
from tests.support.processes import environment

ACME = {"name": "Acme", "industry": "Anvils"}


@pytest.fixture
async def service(migrated: Settings) -> AsyncIterator[Service]:
    """Yield a service on that database."""
    with running_service(env=environment(migrated)) as service:
        yield service


async def test_it_answers_and_stops_and_leaves_no_connection(
    migrated: Settings, service: Service
) -> None:
    async with service.client() as client:
        assert (await client.get("/ready")).status_code == 200
        assert (await client.post("/api/v1/companies", json=ACME)).status_code == 201
        assert await count_connections(migrated) > 0
    service.ask_to_stop()
    output = await asyncio.to_thread(service.wait)
    assert await count_connections(migrated) == 0
    assert "Traceback" not in output
    assert "Warning" not in output


async def test_a_request_in_flight_is_answered_before_it_stops(
    migrated: Settings, service: Service
) -> None:
    async with open_engine(migrated) as engine, service.client() as client:
        sessions = create_sessions(engine)
        async with sessions.write.begin() as session:
            company = await create_company(session, **ACME)
        async with sessions.write.begin() as session:
            # Whoever wants to change the same row waits for us.
            await update_company(session, company.id, changes={"industry": "Springs"})
            path = f"/api/v1/companies/{company.id}"
            request = asyncio.create_task(client.patch(path, json={"industry": "Rockets"}))
            await asyncio.sleep(0.5)
            service.ask_to_stop()
            await asyncio.sleep(0.5)
            assert not request.done()
        response = await request
    assert response.status_code == 200
    assert response.json()["industry"] == "Rockets"
    await asyncio.to_thread(service.wait)
    assert await count_connections(migrated) == 0
