"""`python -m app jobs`: what is in the queue, and what should be."""

import json
from datetime import timedelta
from typing import Any

from app.commands.errors import CommandError
from app.commands.sessions import open_sessions
from app.config import Settings
from app.db.types import utc_now
from app.jobs import enqueue_job, list_jobs, retry_job
from app.models.job import State
from app.worker.handlers import HANDLERS


async def add(settings: Settings, *, kind: str, payload: str | bytes, delay: float) -> None:
    """Add a job that is tried in `delay` seconds; `payload` is JSON."""
    if kind not in HANDLERS:
        known = ", ".join(sorted(HANDLERS))
        raise CommandError(f"There is no kind of job {kind!r}: choose one of {known}.")
    content = _read(payload)
    async with open_sessions(settings) as sessions, sessions.write.begin() as session:
        available_at = utc_now() + timedelta(seconds=delay)
        job = await enqueue_job(session, kind, payload=content, available_at=available_at)
    print(f"Job {job.id} is queued.")


async def show(settings: Settings, *, state: State | None, limit: int) -> None:
    """Print jobs, the newest first, each on a line."""
    async with open_sessions(settings) as sessions, sessions.read() as session:
        for job in await list_jobs(session, limit=limit, state=state):
            moment = f"{job.finished_at or job.available_at:%Y-%m-%d %H:%M:%S}"
            cells = (job.id, job.kind, job.state, moment, job.attempts, job.last_error or "")
            print(*cells, sep="\t")


async def retry(settings: Settings, *, job_id: int) -> None:
    """Queue a failed job again."""
    async with open_sessions(settings) as sessions, sessions.write.begin() as session:
        await retry_job(session, job_id)
    print(f"Job {job_id} is queued again.")


def _read(payload: str | bytes) -> dict[str, Any]:
    try:
        # Bytes may be UTF-16, which Windows PowerShell writes into files.
        content = json.loads(payload)
    except ValueError as error:
        raise CommandError(f"The payload is no JSON ({error}): give an object.") from error
    if not isinstance(content, dict):
        raise CommandError('The payload is no JSON object: give one such as {"companies": []}.')
    return content
