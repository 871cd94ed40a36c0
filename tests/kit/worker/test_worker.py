"""The worker as a process: it works, stops, and leaves nothing open and nothing half done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.kit.db.engine import open_engine
from app.kit.db.session import Sessions, create_sessions
from app.settings import Settings
from tests.kit.companies import count_companies
from tests.support.database import count_connections
from tests.support.processes import environment, running
from tests.support.workers import enqueue, finished, get_job, until

# {% if cookiecutter.__web %}
WORKER = ["-m", "app", "work"]
# {% else %}
WORKER = ["-m", "app"]
# {% endif %}
PATIENT = ["-m", "tests.kit.patient_worker"]


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Sessions]:
    """Yield sessions, for as long as the test looks into the database."""
    async with open_engine(settings) as engine:
        yield create_sessions(engine)


class Rest:
    """A job that says that it has begun, and ends when it may."""

    def __init__(self, directory: Path) -> None:
        """Talk through files in `directory`."""
        self._begun = directory / "begun"
        self._go_on = directory / "go_on"

    async def enqueue(self, sessions: Sessions) -> int:
        """Add it to the queue, and return its number."""
        return await enqueue(sessions, "rest", begun=str(self._begun), go_on=str(self._go_on))

    async def begun(self) -> None:
        """Return when it has begun."""
        await until(lambda: asyncio.to_thread(self._begun.exists))

    async def let_go_on(self) -> None:
        """Let it end."""
        await asyncio.to_thread(self._go_on.touch)


@pytest.fixture
def rest(tmp_path: Path) -> Rest:
    """Return the job that this test controls."""
    return Rest(tmp_path)


async def test_it_works_and_stops_and_leaves_no_connection(migrated: Settings) -> None:
    with running(*WORKER, env=environment(migrated)) as worker:
        async with opened(migrated) as sessions:
            company = {"name": "Acme", "industry": "Anvils"}
            job_id = await enqueue(sessions, "import_companies", companies=[company])
            assert (await finished(sessions, job_id)).state == "done"
        assert await count_connections(migrated) > 0
        worker.ask_to_stop()
        output = await asyncio.to_thread(worker.wait)
    assert worker.process.returncode == 0
    assert await count_connections(migrated) == 0
    assert "Traceback" not in output
    assert "Warning" not in output


async def test_it_ends_the_job_in_hand_before_it_stops(migrated: Settings, rest: Rest) -> None:
    async with opened(migrated) as sessions:
        job_id = await rest.enqueue(sessions)
        with running(*PATIENT, env=environment(migrated)) as worker:
            await rest.begun()
            worker.ask_to_stop()
            await asyncio.sleep(0.5)
            late = await get_job(sessions, job_id)
            assert late.state == "queued"
            await rest.let_go_on()
            await asyncio.to_thread(worker.wait)
        assert worker.process.returncode == 0
        assert (await get_job(sessions, job_id)).state == "done"
        assert await count_companies(sessions) == 1
    assert await count_connections(migrated) == 0


async def test_it_rolls_a_job_back_that_takes_too_long(migrated: Settings, rest: Rest) -> None:
    async with opened(migrated) as sessions:
        job_id = await rest.enqueue(sessions)
        env = environment(migrated, APP_SHUTDOWN_TIMEOUT="1")
        with running(*PATIENT, env=env) as worker:
            await rest.begun()
            worker.ask_to_stop()
            output = await asyncio.to_thread(worker.wait)
        assert worker.process.returncode == 0
        assert f"Job {job_id} was given up" in output
        job = await get_job(sessions, job_id)
        assert (job.state, job.attempts, job.last_error) == ("queued", 0, None)
        assert await count_companies(sessions) == 0
    assert await count_connections(migrated) == 0


async def test_a_job_whose_worker_is_killed_is_done_once(migrated: Settings, rest: Rest) -> None:
    async with opened(migrated) as sessions:
        job_id = await rest.enqueue(sessions)
        with running(*PATIENT, env=environment(migrated)) as worker:
            await rest.begun()
            worker.process.kill()
            await asyncio.to_thread(worker.wait)
        assert (await get_job(sessions, job_id)).state == "queued"
        assert await count_companies(sessions) == 0
        await rest.let_go_on()
        with running(*PATIENT, env=environment(migrated)):
            job = await finished(sessions, job_id)
        assert (job.state, job.attempts) == ("done", 1)
        assert await count_companies(sessions) == 1
