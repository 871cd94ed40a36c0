"""`python -m app jobs`: what is in the queue, and what should be."""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Literal

from app.kit.commands.command_error import CommandError
from app.kit.commands.sessions import open_sessions
from app.kit.db.types import utc_now
from app.kit.jobs.model import Job
from app.kit.jobs.queue import enqueue_job, list_jobs, retry_job
from app.kit.jobs.running import running_of
from app.kit.settings import ServiceSettings

Shown = Literal["queued", "running", "done", "failed"]
"""A job that is running is stored as queued: its worker may die."""


async def add(
    settings: ServiceSettings,
    *,
    kind: str,
    payload: str | bytes,
    delay: float,
    kinds: Collection[str],
) -> None:
    """Add a job, of one of the `kinds`, that is tried in `delay` seconds; `payload` is JSON."""
    if kind not in kinds:
        known = ", ".join(sorted(kinds))
        raise CommandError(f"There is no kind of job {kind!r}: choose one of {known}.")
    content = _read(payload)
    async with open_sessions(settings) as sessions, sessions.write.begin() as session:
        available_at = utc_now() + timedelta(seconds=delay)
        job = await enqueue_job(session, kind, payload=content, available_at=available_at)
    print(f"Job {job.id} is queued.")


async def show(settings: ServiceSettings, *, state: Shown | None, limit: int) -> None:
    """Print jobs, the newest first, each on a line."""
    running_only = state == "running"
    stored = "queued" if state == "running" else state
    async with open_sessions(settings) as sessions:
        async with sessions.read() as session:
            jobs = await list_jobs(session, limit=limit, state=stored, claimed=running_only)
        # {% if cookiecutter.__networked %}
        running = await running_of(jobs, sessions)
        # {% else %}
        running = await running_of(jobs, sessions, settings)
        # {% endif %}
    for job in jobs:
        if job.id in running:
            _print(job, "running", since=job.started_at, remark=f"on {job.worker}")
        elif not running_only:
            since = job.finished_at or job.available_at
            _print(job, job.state, since=since, remark=job.last_error)


def _print(job: Job, state: str, *, since: datetime | None, remark: str | None) -> None:
    cells = (job.id, job.kind, state, f"{since:%Y-%m-%d %H:%M:%S}", job.attempts, remark or "")
    print(*cells, sep="\t")


async def retry(settings: ServiceSettings, *, job_id: int) -> None:
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
        raise CommandError('The payload is no JSON object: give one such as {"id": 1}.')
    return content
