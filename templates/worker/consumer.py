"""A consumer, which takes jobs from the queue and runs them, one at a time."""

import asyncio
import logging
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.errors import Failure, classify
from app.db.failures import in_words, report
from app.db.outages import outages
from app.db.readiness import Readiness
from app.jobs import claim_job, lock_job, note_failure, note_success
from app.models import Job
from app.resources import Resources
from app.worker.bell import Bell
from app.worker.handlers import HopelessError, handle

logger = logging.getLogger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds between two checks whether a lost database is back."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """Runs jobs until the bell stops; several consumers may share its resources and its bell."""

    resources: Resources
    bell: Bell

    async def run(self) -> None:
        """Do one job after another, and wait when there is none."""
        while not self.bell.stopped:
            ring = self.bell.next_ring()
            try:
                found = await self.do_next_job()
            except SQLAlchemyError as error:
                if classify(error) is Failure.UNAVAILABLE:
                    outages.log("The queue can't be used now", error)
                else:
                    logger.error("The queue can't be used\n%s", report(error))  # noqa: TRY400
                await wait_until_ready(self.resources.readiness, self.bell)
            else:
                if not found:
                    await self.bell.wait(self.resources.settings.worker_poll_interval, ring)

    async def do_next_job(self) -> bool:
        """Do the job that has waited longest, and return whether there was one.

        What it does and the note that it is done are one transaction: a worker that is killed
        loses nothing, and nothing is done twice. Raises SQLAlchemyError if the database is
        lost; then the job is as if it had not been tried.
        """
        job_id: int | None = None
        try:
            async with self.resources.sessions.write.begin() as session:
                session.info["resources"] = self.resources
                job = await claim_job(session)
                if job is None:
                    return False
                job_id = job.id
                await self._try(session, job)
        except asyncio.CancelledError:
            if job_id is not None:
                logger.warning("Job %s was given up, and is queued as before", job_id)
            raise
        except Exception as error:
            if job_id is None:
                raise
            await self._note_lost_transaction(job_id, error)
        return True

    async def _try(self, session: AsyncSession, job: Job) -> None:
        connection = await session.connection()
        try:
            # If the job fails, this undoes its effects, but keeps the lock on it.
            async with session.begin_nested():
                await handle(session, kind=job.kind, payload=job.payload)
        except Exception as error:
            if connection.invalidated:
                # Nothing can be noted in this transaction any more.
                raise
            self._note_failure(job, error)
        else:
            note_success(job)
            await session.flush()

    async def _note_lost_transaction(self, job_id: int, error: Exception) -> None:
        # After a failed COMMIT or a broken connection the job's state is unknown. While the
        # database is lost, this attempt can't be recorded, and so does not count. Another worker
        # may have the job by now: lock_job waits for that worker, so no failure is lost.
        async with self.resources.sessions.write.begin() as session:
            job = await lock_job(session, job_id, state="queued")
            if job is not None:
                self._note_failure(job, error)

    def _note_failure(self, job: Job, error: Exception) -> None:
        hopeless, settings = isinstance(error, HopelessError), self.resources.settings
        note_failure(
            job,
            describe(error),
            attempts=job.attempts + 1 if hopeless else settings.worker_max_attempts,
            delay=settings.worker_retry_delay,
        )
        what = f"Job {job.id} ({job.kind}) failed"
        if isinstance(error, SQLAlchemyError):
            logger.error("%s\n%s", what, report(error))
        else:
            # An unexpected error needs its traceback.
            unexpected = None if hopeless else error
            logger.error("%s: %s", what, job.last_error, exc_info=unexpected)


async def wait_until_ready(readiness: Readiness, bell: Bell) -> None:
    """Return when the database answers, or when it is time to stop; look less and less often."""
    pause = FIRST_PAUSE
    while not bell.stopped:
        await bell.wait(pause)
        if await readiness.check():
            return
        pause = min(2 * pause, LONGEST_PAUSE)


def describe(error: Exception) -> str:
    """Return what is wrong."""
    if isinstance(error, SQLAlchemyError):
        return in_words(error)
    return str(error) if isinstance(error, HopelessError) else f"{type(error).__name__}: {error}"
