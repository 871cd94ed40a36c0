"""Workers for the tests, in their process, and what to wait for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from app.kit.db.session import Sessions
from app.kit.jobs.model import Job
from app.kit.jobs.queue import enqueue_job
from app.settings import Settings
from app.worker import work
from tests.support.processes import PATIENCE


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[asyncio.Event]:
    """Yield the event that stops a worker, which runs until then or until the block ends."""
    stop = asyncio.Event()
    worker = asyncio.create_task(work(settings, stop))
    try:
        yield stop
    finally:
        stop.set()
        await worker


async def enqueue(sessions: Sessions, kind: str, **payload: object) -> int:
    """Add a job, and return its number."""
    async with sessions.write.begin() as session:
        return (await enqueue_job(session, kind, payload=payload)).id


async def get_job(sessions: Sessions, job_id: int) -> Job:
    """Return the job as it is now."""
    async with sessions.read() as session:
        return await session.get_one(Job, job_id)


async def finished(sessions: Sessions, job_id: int) -> Job:
    """Return the job once it is no longer queued."""

    async def is_finished() -> bool:
        return (await get_job(sessions, job_id)).state != "queued"

    await until(is_finished)
    return await get_job(sessions, job_id)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return when the condition holds; raises TimeoutError if it never does."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110  what is waited for is in the database
            await asyncio.sleep(0.02)
