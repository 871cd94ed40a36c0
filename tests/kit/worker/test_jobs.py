"""The queue gives each job to one worker, in the order in which they became available."""

# {% if cookiecutter.__networked %}
import asyncio
# {% endif %}
from datetime import timedelta

import pytest

from app.kit.db.session import Sessions
from app.kit.db.types import utc_now
from app.kit.errors import NotFoundError
from app.kit.jobs.model import Job
from app.kit.jobs.queue import (
    LONGEST_DELAY,
    Claim,
    claim_job,
    enqueue_job,
    get_claimed,
    list_jobs,
    note_failure,
    note_success,
    retry_job,
)


def a_job() -> Job:
    """Return a job that is in no database."""
    now = utc_now()
    return Job(kind="any", payload={}, state="queued", attempts=0, available_at=now)


async def test_those_available_longest_come_first(sessions: Sessions) -> None:
    now = utc_now()
    async with sessions.write.begin() as session:
        for seconds in (30, 10, 20, -3600):
            available_at = now - timedelta(seconds=seconds)
            await enqueue_job(session, f"{seconds}", payload={}, available_at=available_at)
    kinds = []
    async with sessions.write.begin() as session:
        while claim := await claim_job(session, "me"):
            job = await get_claimed(session, claim)
            assert job is not None
            kinds.append(job.kind)
            note_success(job)
            await session.flush()
    assert kinds == ["30", "20", "10"]


async def test_a_payload_comes_back_as_it_was(sessions: Sessions) -> None:
    payload = {"nested": [1, 2.5, None, {"ключ": "🏭 \" ' \\"}]}
    async with sessions.write.begin() as session:
        await enqueue_job(session, "any", payload=payload)
    async with sessions.read() as session:
        [job] = await list_jobs(session, limit=2, state="queued")
    assert job.payload == payload


async def test_the_last_claim_counts(committing_sessions: Sessions) -> None:
    async def claim(worker: str, **options: timedelta) -> Claim | None:
        async with committing_sessions.write.begin() as session:
            return await claim_job(session, worker, **options)

    async def is_locked_by(claim: Claim | None) -> bool:
        async with committing_sessions.write.begin() as session:
            return bool(claim and await get_claimed(session, claim))

    async with committing_sessions.write.begin() as session:
        await enqueue_job(session, "any", payload={})
    first = await claim("the first")
    # {% if cookiecutter.__networked %}
    assert await claim("the second") is None
    assert await is_locked_by(first)
    second = await claim("the second", patience=timedelta(0))
    # {% else %}
    second = await claim("the second")
    # {% endif %}
    assert not await is_locked_by(first)
    assert await is_locked_by(second)


# {% if cookiecutter.__networked %}
async def test_a_job_that_is_being_done_is_passed_over(committing_sessions: Sessions) -> None:
    async with committing_sessions.write.begin() as session:
        wanted = [(await enqueue_job(session, "any", payload={})).id for _ in range(3)]

    claimed = []
    everyone_has_one = asyncio.Barrier(4)

    async def claim() -> None:
        async with committing_sessions.write.begin() as session:
            found = await claim_job(session, "me")
            claimed.append(found and found.job_id)
            await everyone_has_one.wait()

    async with asyncio.timeout(30):
        await asyncio.gather(*(claim() for _ in range(4)))
    assert {*claimed} == {*wanted, None}


# {% endif %}
def test_each_attempt_comes_later_than_the_one_before() -> None:
    job = a_job()
    delays = []
    for _ in range(12):
        before = utc_now()
        note_failure(job, "No luck.", attempts=100, delay=10)
        delays.append((job.available_at - before).total_seconds())
    expected = [10, 20, 40, 80, 160, 320, 640, 1280, 2560, *[LONGEST_DELAY.total_seconds()] * 3]
    assert delays == pytest.approx(expected, abs=5)
    assert (job.state, job.attempts, job.last_error) == ("queued", 12, "No luck.")


def test_the_last_attempt_is_the_last() -> None:
    job = a_job()
    note_failure(job, "No luck.", attempts=2, delay=10)
    assert (job.state, job.finished_at) == ("queued", None)
    note_failure(job, "No luck again.", attempts=2, delay=10)
    assert (job.state, job.last_error) == ("failed", "No luck again.")
    assert job.finished_at is not None


async def test_a_failed_job_can_be_tried_again(sessions: Sessions) -> None:
    async with sessions.write.begin() as session:
        job = await enqueue_job(session, "any", payload={})
        with pytest.raises(NotFoundError):
            await retry_job(session, job.id)
        note_failure(job, "No luck.", attempts=1, delay=0)
    async with sessions.write.begin() as session:
        await retry_job(session, job.id)
    async with sessions.write.begin() as session:
        claim = await claim_job(session, "me")
        assert claim is not None
        again = await get_claimed(session, claim)
        assert again is not None
        assert (again.id, again.attempts, again.finished_at) == (job.id, 0, None)
