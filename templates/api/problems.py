"""What clients are told when something is wrong: problem details, RFC 9457."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.db.error_codes import code_of
from app.db.errors import Failure, classify

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = {"Retry-After": "1"}
"""Seconds after which a client should ask again."""
MAX_DETAIL = 600
"""Characters of a detail, however much of what a client sent it repeats: so no problem document
has more than 8 KiB."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong: `status` for a program, `detail` for a person."""

    status: int
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def close_code(self) -> int:
        """What a WebSocket is closed with: try again later, internal error, or policy violation."""
        return {503: 1013, 500: 1011}.get(self.status, 1008)

    def body(self) -> dict[str, str | int]:
        """Return the members of the JSON object."""
        title, detail = HTTPStatus(self.status).phrase, self.detail
        if len(detail) > MAX_DETAIL:
            detail = f"{detail[:MAX_DETAIL]}…"
        return {"type": "about:blank", "title": title, "status": self.status, "detail": detail}


NOT_READY = Problem(503, "The database does not answer.", RETRY_AFTER)
UNEXPECTED = Problem(500, "An unexpected error occurred; it has been logged.")


def database_problem(error: SQLAlchemyError, request: str) -> Problem:
    """Return what to tell the client of `request` (method and path); log what is our fault."""
    match classify(error):
        case Failure.CONFLICT:
            return Problem(409, "This conflicts with data that is there already.")
        case Failure.UNSTORABLE:
            return Problem(422, "A text has a character that the database can't store.")
        case Failure.UNAVAILABLE:
            return Problem(503, "The database is busy or away.", RETRY_AFTER)
        case Failure.UNEXPECTED:
            # The message of a driver's error can quote values of the row: not for a log.
            code = code_of(error.orig) if isinstance(error, DBAPIError) else None
            name = type(error).__name__
            logger.error("%s failed: %s %s", _plain(request), name, code, exc_info=not code)
            return UNEXPECTED


def log_broken_stream(problem: Problem, request: str) -> None:
    """Log why the answer to `request` (method and path) broke off: it is too late to tell it."""
    logger.warning("%s broke off: %s", _plain(request), problem.detail)


def unexpected_problem(error: Exception, request: str) -> Problem:
    """Log `error`, and return what to tell the client of `request`."""
    logger.error("%s failed", _plain(request), exc_info=error)
    return UNEXPECTED


def _plain(request: str) -> str:
    # The path is the client's, and could hold the end of the line and another one.
    return request.encode("unicode_escape").decode("ascii")
