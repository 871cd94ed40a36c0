"""Queries about the queue. They flush at most; the caller owns the transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

# {% if cookiecutter.__notifications %}
from sqlalchemy import func, select
# {% else %}
from sqlalchemy import select
# {% endif %}
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.types import utc_now
from app.errors import NotFoundError
from app.models.job import Job, State
# {% if cookiecutter.__notifications %}

CHANNEL = "jobs"
"""Where PostgreSQL tells the workers, at COMMIT, that there is something to do."""
# {% endif %}

LONGEST_DELAY = timedelta(hours=1)


async def enqueue_job(
    session: AsyncSession,
    kind: str,
    *,
    payload: Mapping[str, Any],
    available_at: datetime | None = None,
) -> Job:
    """Add a job; it is tried once this transaction is committed, and not before `available_at`."""
    job = Job(kind=kind, payload=dict(payload), available_at=available_at or utc_now())
    session.add(job)
    await session.flush()
    # {% if cookiecutter.__notifications %}
    await _notify(session)
    # {% endif %}
    return job


async def claim_job(session: AsyncSession) -> Job | None:
    """Return the job that has been available longest, or None if there is none.

    It is locked until the transaction ends; one that another worker has locked is passed over.
    """
    # {% if cookiecutter.__database == "sqlite" %}
    # SQLite locks no rows: whoever is in a transaction that writes is alone.
    # {% endif %}
    query = (
        select(Job)
        .where(Job.state == "queued", Job.available_at <= utc_now())
        .order_by(Job.available_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    job: Job | None = await session.scalar(query)
    return job


async def lock_job(session: AsyncSession, job_id: int, *, state: State) -> Job | None:
    """Return the job, locked, if it is in `state`; wait for a worker that has locked it."""
    query = select(Job).where(Job.id == job_id, Job.state == state).with_for_update()
    job: Job | None = await session.scalar(query)
    return job


async def list_jobs(
    session: AsyncSession, *, limit: int, state: State | None = None
) -> Sequence[Job]:
    """Return at most `limit` jobs, the newest first."""
    query = select(Job).order_by(Job.id.desc()).limit(limit)
    if state:
        query = query.where(Job.state == state)
    return (await session.scalars(query)).all()


async def retry_job(session: AsyncSession, job_id: int) -> Job:
    """Queue a failed job again, with all its attempts; raises NotFoundError if it is none."""
    job = await lock_job(session, job_id, state="failed")
    if job is None:
        raise NotFoundError("failed job", job_id)
    job.state, job.attempts, job.available_at, job.finished_at = "queued", 0, utc_now(), None
    await session.flush()
    # {% if cookiecutter.__notifications %}
    await _notify(session)
    # {% endif %}
    return job


def note_success(job: Job) -> None:
    """Note that the job is done."""
    job.attempts += 1
    job.state, job.finished_at, job.last_error = "done", utc_now(), None


def note_failure(job: Job, reason: str, *, attempts: int, delay: float) -> None:
    """Note why the job could not be done: it is tried again until there were so many `attempts`.

    The next one comes after `delay` seconds, and after twice as many each time.
    """
    job.attempts += 1
    job.last_error = reason
    if job.attempts >= attempts:
        job.state, job.finished_at = "failed", utc_now()
    else:
        # Not past what a float or a timedelta can hold, however many attempts there are.
        doublings = min(job.attempts - 1, 20)
        job.available_at = utc_now() + min(timedelta(seconds=delay) * 2**doublings, LONGEST_DELAY)
# {% if cookiecutter.__notifications %}


async def _notify(session: AsyncSession) -> None:
    # Part of the transaction, so that nobody looks before the job can be seen.
    await session.execute(select(func.pg_notify(CHANNEL, "")))
# {% endif %}
