"""Companies are imported by a job, which a request adds in its own transaction."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db.session import Sessions
from app.kit.jobs.model import Job
from app.kit.jobs.queue import enqueue_job
from app.settings import Settings
from tests.kit.companies import count_companies
from tests.kit.database import DOOMED, doom
from tests.support.workers import finished, working

PATH = "/api/v1/companies/import"
COMPANIES = {"companies": [{"name": "Acme", "industry": "Anvils"}]}


async def test_a_job_of_a_request_that_is_committed_is_done(
    impatient: Settings, committing_client: AsyncClient, committing_sessions: Sessions
) -> None:
    response = await committing_client.post(PATH, json=COMPANIES)
    assert response.status_code == 202
    assert await count_companies(committing_sessions) == 0
    async with working(impatient):
        job = await finished(committing_sessions, response.json()["id"])
    assert (job.kind, job.state) == ("import_companies", "done")
    assert await count_companies(committing_sessions) == 1


async def fail(_session: AsyncSession) -> None:
    raise RuntimeError("after the job was added")


@pytest.mark.parametrize(("then", "status"), [(fail, 500), (doom, DOOMED)])
async def test_a_request_that_fails_leaves_no_job(
    committing_client: AsyncClient,
    committing_sessions: Sessions,
    monkeypatch: pytest.MonkeyPatch,
    then: Callable[[AsyncSession], Awaitable[object]],
    status: int,
) -> None:
    async def enqueue_and_then(session: AsyncSession, kind: str, **values: Any) -> Job:
        job = await enqueue_job(session, kind, **values)
        await then(session)
        return job

    monkeypatch.setattr("app.companies.routes.enqueue_job", enqueue_and_then)
    response = await committing_client.post(PATH, json=COMPANIES)
    assert response.status_code == status
    async with committing_sessions.read() as session:
        assert await session.scalar(select(func.count()).select_from(Job)) == 0


async def test_what_is_wrong_is_refused_before_it_becomes_a_job(client: AsyncClient) -> None:
    response = await client.post(PATH, json={"companies": [{"name": " ", "industry": "Ink"}]})
    assert response.status_code == 422
