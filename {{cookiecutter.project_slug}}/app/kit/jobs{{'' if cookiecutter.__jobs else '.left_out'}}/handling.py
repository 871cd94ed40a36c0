"""The run of a handler: its time limit, and what its failures mean."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

# {% if cookiecutter._frameworks[cookiecutter.framework].schemas == "msgspec" %}
from msgspec import ValidationError
# {% else %}
from pydantic import ValidationError
# {% endif %}
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.jobs.failures import HopelessError, InterruptedJobError, StuckJobError
from app.kit.jobs.watchdog import end_process
from app.kit.schemas import first_mistake

Handler = Callable[[AsyncSession, Mapping[str, Any]], Awaitable[None]]
"""Does a job with its payload. What it writes through the session is committed together with
the note that the job is done; it never commits by itself. If it raises, all is undone, and tried
again unless that is hopeless: a HopelessError, or what the database says of wrong data, too."""

GRACE = 10.0
"""Seconds that a job has to end when it is cancelled."""
GOES_ON = f"goes on, {GRACE:g} s after it was cancelled"


async def handle(
    handler: Handler, session: AsyncSession, *, kind: str, payload: Mapping[str, Any], limit: float
) -> None:
    """Do a job of a `kind` with its `handler` within `limit` seconds, or with 0 without a limit.

    Raises what its handler raises, HopelessError, InterruptedJobError, and StuckJobError.
    """
    # A task of its own, so that its cancellation and the worker's are not the same.
    work = asyncio.create_task(_run(handler(session, payload)))
    try:
        in_time, _ = await asyncio.wait({work}, timeout=limit or None)
    except asyncio.CancelledError:
        if not await _cancel(work):
            end_process(f"A job of the kind {kind!r} {GOES_ON}.")
        raise
    if not in_time and not await _cancel(work):
        raise StuckJobError(f"It took longer than {limit:g} s (WORKER_JOB_TIMEOUT), and {GOES_ON}.")
    error = None if work.cancelled() else work.exception()
    if not in_time:
        why = f"It took longer than {limit:g} s (WORKER_JOB_TIMEOUT)."
        raise InterruptedJobError(why) from error
    if work.cancelled():
        raise InterruptedJobError("Something that it waited for was cancelled.")
    if isinstance(error, ValidationError):
        raise HopelessError(f"The payload is wrong: {first_mistake(error)}.") from error
    work.result()


async def _run(handler: Awaitable[None]) -> None:
    try:
        await handler
    except SystemExit as end:
        raise InterruptedJobError("It called sys.exit().") from end


async def _cancel(work: asyncio.Task[None]) -> bool:
    work.cancel()
    ended, _ = await asyncio.wait({work}, timeout=GRACE)
    if ended and not work.cancelled():
        # Or asyncio says that nobody has asked for it.
        work.exception()
    return bool(ended)
