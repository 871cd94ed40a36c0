"""Queries about the queue. They flush at most; the caller owns the transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

# {% if cookiecutter.__postgresql %}
from sqlalchemy import Select, func, not_, or_, select, update
# {% elif cookiecutter.__networked %}
from sqlalchemy import Select, not_, or_, select, update
# {% else %}
from sqlalchemy import Select, select, update
# {% endif %}
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db.types import utc_now
from app.kit.errors import NotFoundError
from app.kit.jobs.model import Job, State
# {% if cookiecutter.__postgresql %}

CHANNEL = "jobs"
"""Where PostgreSQL tells the workers, at COMMIT, that there is something to do."""
# {% endif %}

LONGEST_DELAY = timedelta(hours=1)
# {% if cookiecutter.__networked %}
MOMENT = timedelta(seconds=1)
"""How long a job whose worker seems to have died is left to that worker."""
# {% endif %}


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's note that it does a job, and since when."""

    job_id: int
    worker: str
    started_at: datetime


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
    # {% if cookiecutter.__postgresql %}
    await _notify(session)
    # {% endif %}
    return job


async def claim_job(
    session: AsyncSession,
    worker: str,
    # {% if cookiecutter.__networked %}
    *,
    patience: timedelta = MOMENT,
    # {% endif %}
) -> Claim | None:
    """Note that `worker` does the job that has been available longest; None if there is none.

    # {% if cookiecutter.__networked %}
    The note counts once it is committed, and until another worker claims the job. One that is
    locked is passed over, and so is one whose note is not older than `patience`.
    # {% else %}
    The note counts once it is committed, and until another worker claims the job. SQLite locks no
    rows: that one worker at a time does so is ensured by `app.kit.jobs.running.turn`.
    # {% endif %}
    """
    # {% if cookiecutter.__networked %}
    while found := (await session.execute(_next(patience))).first():
        job_id, available_at, started_at = found
        if started_at is None or available_at > started_at:
            return await _note_claim(session, job_id, worker)
        # Its worker died, or is about to note why it failed: for that it has a moment.
        until = max(utc_now(), started_at) + min(MOMENT, patience)
        await session.execute(update(Job).where(Job.id == job_id).values(available_at=until))
    return None
    # {% else %}
    job_id = await session.scalar(_next())
    return await _note_claim(session, job_id, worker) if job_id else None
    # {% endif %}


# {% if cookiecutter.__networked %}
def _next(patience: timedelta) -> Select[int, datetime, datetime | None]:
    now = utc_now()
    # A worker that has just claimed it will lock it at once. Its clock may be ahead of ours.
    fresh = Job.started_at.between(now - patience, now + patience)
    return (
        select(Job.id, Job.available_at, Job.started_at)
        .where(Job.state == "queued", Job.available_at <= now)
        .where(or_(Job.started_at.is_(None), not_(fresh)))
        .order_by(Job.available_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
# {% else %}
def _next() -> Select[int]:
    return (
        select(Job.id)
        .where(Job.state == "queued", Job.available_at <= utc_now())
        .order_by(Job.available_at, Job.id)
        .limit(1)
    )
# {% endif %}


async def _note_claim(session: AsyncSession, job_id: int, worker: str) -> Claim:
    claim = Claim(job_id, worker, utc_now())
    note = update(Job).where(Job.id == job_id)
    await session.execute(note.values(worker=worker, started_at=claim.started_at))
    return claim


async def get_claimed(session: AsyncSession, claim: Claim) -> Job | None:
    # {% if cookiecutter.__networked %}
    """Return the job, locked until the transaction ends, or None if another worker claimed it."""
    # {% else %}
    """Return the job, or None if another worker claimed it."""
    # {% endif %}
    query = select(Job).where(
        Job.id == claim.job_id,
        Job.state == "queued",
        Job.worker == claim.worker,
        Job.started_at == claim.started_at,
    )
    # {% if cookiecutter.__networked %}
    job: Job | None = await session.scalar(query.with_for_update())
    # {% else %}
    job: Job | None = await session.scalar(query)
    # {% endif %}
    return job


async def list_jobs(
    session: AsyncSession, *, limit: int, state: State | None = None, claimed: bool = False
) -> Sequence[Job]:
    """Return at most `limit` jobs, the newest first; `claimed`: those that a worker has begun."""
    query = select(Job).order_by(Job.id.desc()).limit(limit)
    if state:
        query = query.where(Job.state == state)
    if claimed:
        query = query.where(Job.started_at.is_not(None))
    return (await session.scalars(query)).all()


async def retry_job(session: AsyncSession, job_id: int) -> Job:
    """Queue a failed job again, with all its attempts; raises NotFoundError if it is none."""
    query = select(Job).where(Job.id == job_id, Job.state == "failed").with_for_update()
    job: Job | None = await session.scalar(query)
    if job is None:
        raise NotFoundError("failed job", job_id)
    job.state, job.attempts, job.available_at, job.finished_at = "queued", 0, utc_now(), None
    job.started_at = job.worker = None
    await session.flush()
    # {% if cookiecutter.__postgresql %}
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
        job.started_at = job.worker = None
        job.available_at = utc_now() + min(timedelta(seconds=delay) * 2**doublings, LONGEST_DELAY)
# {% if cookiecutter.__postgresql %}


async def _notify(session: AsyncSession) -> None:
    # Part of the transaction, so that nobody looks before the job can be seen.
    if session.get_bind().get_execution_options().get("notifies", True):
        await session.execute(select(func.pg_notify(CHANNEL, "")))
# {% endif %}
