"""New jobs are begun at once, without a look at the queue now and then."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.session import Sessions
from app.settings import Settings
from tests.support.workers import enqueue, finished, until, working

LISTENERS = text(
    "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND state = 'idle' AND query ILIKE 'LISTEN%'"
)


@pytest.fixture
def unhurried(settings: Settings) -> Settings:
    """Return settings with which a job that nobody announces waits for an hour."""
    return settings.model_copy(update={"worker_poll_interval": 3600})


async def listeners(engine: AsyncEngine) -> set[int]:
    """Return which of the server's processes listen."""
    async with engine.connect() as connection:
        return set(await connection.scalars(LISTENERS))


async def assert_begun_at_once(sessions: Sessions) -> None:
    """Check that jobs don't wait; the second comes when all have looked and found nothing."""
    for _ in range(2):
        job_id = await enqueue(sessions, "import_companies", companies=[])
        assert (await finished(sessions, job_id)).state == "done"


async def test_a_new_job_wakes_the_worker(
    unhurried: Settings, engine: AsyncEngine, committing_sessions: Sessions
) -> None:
    async def is_listening() -> bool:
        return bool(await listeners(engine))

    async with working(unhurried):
        await until(is_listening)
        await assert_begun_at_once(committing_sessions)


async def test_a_worker_that_lost_its_line_listens_again(
    unhurried: Settings, engine: AsyncEngine, committing_sessions: Sessions
) -> None:
    killed: set[int] = set()

    async def is_another_listening() -> bool:
        return bool(await listeners(engine) - killed)

    async with working(unhurried):
        await until(is_another_listening)
        killed |= await listeners(engine)
        async with engine.connect() as connection:
            for pid in killed:
                await connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        await until(is_another_listening)
        await assert_begun_at_once(committing_sessions)


async def test_behind_pgbouncer_nobody_listens_and_the_queue_is_looked_at(
    settings: Settings, engine: AsyncEngine, committing_sessions: Sessions
) -> None:
    changes = {"db_pooler": "pgbouncer", "worker_poll_interval": 0.05}
    async with working(settings.model_copy(update=changes)):
        await assert_begun_at_once(committing_sessions)
        await asyncio.sleep(0.2)
        assert not await listeners(engine)
