"""A consumer, which takes jobs from the queue and runs them, one at a time."""

import asyncio
import logging
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
# {% if cookiecutter.__database == "mysql" %}
from datetime import timedelta
# {% endif %}

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

# {% if not cookiecutter.__networked %}
from app.kit.db import driver
# {% endif %}
from app.kit.db.error_reports import report
from app.kit.db.failures import Failure, classify
from app.kit.db.outages import outages
from app.kit.jobs.bell import Bell, wait_until_ready
from app.kit.jobs.failures import (
    EXPECTED,
    HopelessError,
    StuckJobError,
    cause_of,
    describe,
    is_hopeless,
)
from app.kit.jobs.handling import GOES_ON, Handler, handle
from app.kit.jobs.model import MAX_WORKER, Job
from app.kit.jobs.queue import Claim, claim_job, get_claimed, note_failure, note_success
# {% if not cookiecutter.__networked %}
from app.kit.jobs.running import turn
# {% endif %}
from app.kit.jobs.watchdog import end_process
from app.kit.log import with_log_fields
from app.kit.resources import SharedResources

logger = logging.getLogger(__name__)

WORKER = f"{platform.node()[: MAX_WORKER - 20]}:{os.getpid()}"
"""This process, for `jobs list`."""
LAST_NOTE = 10.0
"""Seconds that the note about a job that does not end may take."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """Runs jobs until the bell stops; several consumers may share its resources and its bell."""

    resources: SharedResources
    bell: Bell
    handlers: Mapping[str, Handler]
    # {% if cookiecutter.__database == "mysql" %}
    patience: timedelta  # as in `claim_job`
    # {% endif %}

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
        # {% if cookiecutter.__networked %}
        """Do the job that has waited longest, and return whether there was one.

        A first transaction notes who does it, and since when. A second one is what the job does
        and the note that it is done: a worker that is killed loses nothing, and nothing is done
        twice. Raises SQLAlchemyError if the database is lost; then the job is as if it had not
        been tried.
        """
        # {% else %}
        """Do the job that has waited longest; return whether there was one, and nobody did another.

        Raises SQLAlchemyError if the database can't be used: the job is as if it was not tried.
        """
        with turn(self.resources.settings) as mine:
            return mine and await self._do_next_job()

    async def _do_next_job(self) -> bool:
        # {% endif %}
        async with self.resources.sessions.write.begin() as session:
            # {% if not cookiecutter.__networked %}
            # A look at an empty queue waits for nobody who writes.
            await session.connection(execution_options=driver.LATE_OPTIONS)
            # {% endif %}
            # {% if cookiecutter.__database == "mysql" %}
            claim = await claim_job(session, WORKER, patience=self.patience)
            # {% else %}
            claim = await claim_job(session, WORKER)
            # {% endif %}
        if claim is None:
            return False
        with with_log_fields(job_id=claim.job_id):
            await self._do(claim)
        return True

    async def _do(self, claim: Claim) -> None:
        job: Job | None = None
        try:
            async with self.resources.sessions.write.begin() as session:
                # {% if not cookiecutter.__networked %}
                # Others may write until the job does.
                await session.connection(execution_options=driver.LATE_OPTIONS)
                # {% endif %}
                session.info["resources"] = self.resources
                job = await get_claimed(session, claim)
                if job:
                    await self._try(session, job, claim)
        except asyncio.CancelledError:
            if job:
                logger.warning("Job %s was given up, and is queued as before", claim.job_id)
            raise
        except Exception as error:
            if job is None:
                raise
            await self._note_lost_transaction(claim, error)

    async def _try(self, session: AsyncSession, job: Job, claim: Claim) -> None:
        # {% if cookiecutter.__networked %}
        connection = await session.connection()
        try:
            # If the job fails, this undoes its effects, but keeps the lock on it.
            async with session.begin_nested():
                await self._handle(session, job, claim)
        except Exception as error:
            if connection.invalidated:
                # Nothing can be noted in this transaction any more.
                raise
            self._note_failure(job, error)
        else:
            note_success(job)
            await session.flush()
        # {% else %}
        await self._handle(session, job, claim)
        note_success(job)
        await session.flush()
        # {% endif %}

    async def _handle(self, session: AsyncSession, job: Job, claim: Claim) -> None:
        limit, kind = self.resources.settings.worker_job_timeout, job.kind
        if kind not in self.handlers:
            raise HopelessError(f"There is no handler for jobs of the kind {kind!r}.")
        try:
            await handle(self.handlers[kind], session, kind=kind, payload=job.payload, limit=limit)
        except StuckJobError as error:
            # Left alone, it might do what the next attempt does at the same time.
            self.bell.stop()
            try:
                async with asyncio.timeout(LAST_NOTE):
                    # Nothing that it still does is committed.
                    await session.invalidate()
                    await self._note_lost_transaction(claim, error)
            except Exception:
                logger.exception("The failure of job %s was not noted", claim.job_id)
            end_process(f"Job {claim.job_id} ({kind}) {GOES_ON}.")

    async def _note_lost_transaction(self, claim: Claim, error: Exception) -> None:
        # {% if cookiecutter.__networked %}
        # After a failed COMMIT or a broken connection the job's state is unknown. While the
        # database is lost, this attempt can't be recorded, and so does not count. Nor does it if
        # another worker has claimed the job meanwhile.
        # {% else %}
        # The job's transaction is rolled back: this is another one. After a failed COMMIT the job's
        # state is unknown.
        # {% endif %}
        async with self.resources.sessions.write.begin() as session:
            job = await get_claimed(session, claim)
            if job is not None:
                self._note_failure(job, error)

    def _note_failure(self, job: Job, error: Exception) -> None:
        error = cause_of(error)
        hopeless, settings = is_hopeless(error), self.resources.settings
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
            trace = None if isinstance(error, EXPECTED) else error
            logger.error("%s: %s", what, job.last_error, exc_info=trace)
