"""Each job is done once, by one of the workers."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.queries import create_company, list_companies
from app.customers.model import Stage
from app.customers.queries import list_customers
from app.jobs import HANDLERS
from app.kit.db.session import Sessions
from app.settings import Settings
from tests.kit.companies import count_companies
from tests.support.workers import enqueue, finished, get_job, working

ACME = {"name": "Acme", "industry": "Anvils"}


async def test_the_examples(impatient: Settings, committing_sessions: Sessions) -> None:
    async with working(impatient):
        companies = await enqueue(committing_sessions, "import_companies", companies=[ACME])
        assert (await finished(committing_sessions, companies)).state == "done"
        async with committing_sessions.read() as session:
            [company] = (await list_companies(session, limit=2)).items
        people = [{"name": "Ines", "email": "ines@example.com", "credit": "9999999999.99"}]
        customers = await enqueue(
            committing_sessions, "import_customers", company_id=company.id, customers=people
        )
        job = await finished(committing_sessions, customers)
    assert (job.state, job.attempts, job.last_error) == ("done", 1, None)
    assert job.finished_at is not None
    assert job.finished_at >= job.created_at
    async with committing_sessions.read() as session:
        [customer] = (await list_customers(session, company.id, limit=2)).items
    assert (customer.name, customer.stage) == ("Ines", Stage.ACTIVE)
    assert customer.credit == Decimal("9999999999.99")


async def test_two_workers_never_do_the_same_job(
    impatient: Settings, committing_sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: Counter[int] = Counter()

    async def note(session: AsyncSession, payload: Mapping[str, Any]) -> None:
        done[payload["number"]] += 1
        await create_company(session, name=uuid4().hex, industry="Any")

    monkeypatch.setitem(HANDLERS, "test", note)
    jobs = [await enqueue(committing_sessions, "test", number=number) for number in range(40)]
    async with working(impatient), working(impatient):
        for job_id in jobs:
            job = await finished(committing_sessions, job_id)
            assert (job.state, job.attempts) == ("done", 1)
    assert done == Counter(range(40))
    assert await count_companies(committing_sessions) == 40


# {% if cookiecutter.__networked %}
async def test_a_worker_does_several_jobs_at_once(
    impatient: Settings, committing_sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_there = asyncio.Barrier(impatient.worker_concurrency)

    async def meet(_session: AsyncSession, _payload: Mapping[str, Any]) -> None:
        await all_there.wait()

    monkeypatch.setitem(HANDLERS, "test", meet)
    jobs = [await enqueue(committing_sessions, "test") for _ in range(impatient.worker_concurrency)]
    async with working(impatient):
        for job_id in jobs:
            assert (await finished(committing_sessions, job_id)).attempts == 1


# {% endif %}
@pytest.mark.parametrize(("grace", "state"), [(30, "done"), (0.1, "queued")])
async def test_a_job_in_hand_may_end_while_there_is_time(
    impatient: Settings,
    committing_sessions: Sessions,
    monkeypatch: pytest.MonkeyPatch,
    grace: float,
    state: str,
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def rest(session: AsyncSession, _payload: Mapping[str, Any]) -> None:
        await create_company(session, **ACME)
        begun.set()
        await go_on.wait()

    monkeypatch.setitem(HANDLERS, "test", rest)
    one_by_one = {"app_shutdown_timeout": grace, "worker_concurrency": 1}
    jobs = [await enqueue(committing_sessions, "test") for _ in range(2)]
    async with working(impatient.model_copy(update=one_by_one)) as stop:
        await begun.wait()
        stop.set()
        await asyncio.sleep(0.5)
        go_on.set()
    first, second = [await get_job(committing_sessions, job_id) for job_id in jobs]
    assert (first.state, first.attempts) == (state, int(state == "done"))
    assert await count_companies(committing_sessions) == first.attempts
    # Nothing new is begun.
    assert (second.state, second.attempts) == ("queued", 0)
