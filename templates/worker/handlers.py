"""What is done for each kind of job."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.worker.imports import import_companies, import_customers
from app.worker.payloads import first_mistake

Handler = Callable[[AsyncSession, Mapping[str, Any]], Awaitable[None]]
"""Does a job with its payload. What it writes through the session is committed together with
the note that the job is done; it never commits by itself. If it raises, all is undone."""

HANDLERS: dict[str, Handler] = {
    "import_companies": import_companies,
    "import_customers": import_customers,
}


class HopelessError(Exception):
    """The job fails however often it is tried; the message is a sentence that says why."""


async def handle(session: AsyncSession, *, kind: str, payload: Mapping[str, Any]) -> None:
    """Do the job; raises what its handler raises, and HopelessError."""
    handler = HANDLERS.get(kind)
    if handler is None:
        raise HopelessError(f"There is no handler for jobs of the kind {kind!r}.")
    try:
        await handler(session, payload)
    except ValidationError as error:
        raise HopelessError(f"The payload is wrong: {first_mistake(error)}.") from error
