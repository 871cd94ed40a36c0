"""Problem details (RFC 9457), which clients get when something is wrong."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app.kit.db.error_reports import in_words, report
from app.kit.db.failures import Failure, classify
from app.kit.db.outages import outages
from app.kit.errors import DomainError, InvalidError, NotFoundError
from app.kit.http.request_log import current_request_id
# {% if cookiecutter.__telemetry %}
from app.kit.telemetry.observation import note_error
# {% endif %}

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = {"Retry-After": "1"}
"""Seconds after which a client should ask again."""
MAX_DETAIL = 600
"""Characters of a detail, which may repeat a client's input: no problem document exceeds 8 KiB."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong: `status` for a program, `detail` for a person."""

    status: int
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def close_code(self) -> int:
        """The close code of a WebSocket: try again later, internal error, or policy violation."""
        return {503: 1013, 500: 1011}.get(self.status, 1008)

    def body(self) -> dict[str, Any]:
        title, detail = HTTPStatus(self.status).phrase, self.detail
        if len(detail) > MAX_DETAIL:
            detail = f"{detail[:MAX_DETAIL]}…"
        kind = {"type": "about:blank", "title": title, "status": self.status}
        # A URI reference, as RFC 9457 wants it: an id has only characters that may stand in one.
        request_id = current_request_id()
        return {**kind, "detail": detail, **({"instance": request_id} if request_id else {})}


NOT_READY = Problem(503, "The database does not answer.", RETRY_AFTER)
UNEXPECTED = Problem(500, "An unexpected error occurred; it has been logged.")


def database_problem(error: SQLAlchemyError, request: str) -> Problem:
    """Return what to tell the client of `request` (method and path); log faults of the service."""
    match classify(error):
        case Failure.CONFLICT:
            return Problem(409, "This conflicts with data that is there already.")
        case Failure.UNSTORABLE:
            return Problem(422, "A text has a character that the database can't store.")
        case Failure.UNAVAILABLE:
            # {% if cookiecutter.__telemetry %}
            note_error(error)
            # {% endif %}
            outages.log(f"{_plain(request)} 503", error)
            return Problem(503, "The database is busy or away.", RETRY_AFTER)
        case Failure.UNEXPECTED:
            # {% if cookiecutter.__telemetry %}
            note_error(error)
            # {% endif %}
            logger.error("%s failed\n%s", _plain(request), report(error))
            return UNEXPECTED


def domain_problem(error: DomainError) -> Problem:
    """Return what to tell the client about `error`."""
    status = 404 if isinstance(error, NotFoundError) else 409
    return Problem(422 if isinstance(error, InvalidError) else status, str(error))


def log_broken_stream(error: Exception, request: str) -> None:
    """Log why the answer to `request` (method and path) broke off: it is too late to tell it."""
    # {% if cookiecutter.__telemetry %}
    note_error(error)
    # {% endif %}
    if isinstance(error, SQLAlchemyError) and classify(error) is Failure.UNAVAILABLE:
        logger.warning("%s broke off: %s", _plain(request), in_words(error))
    elif isinstance(error, SQLAlchemyError):
        logger.error("%s broke off\n%s", _plain(request), report(error))
    else:
        logger.error("%s broke off", _plain(request), exc_info=error)


def unexpected_problem(error: Exception, request: str) -> Problem:
    """Log `error`, and return what to tell the client of `request`."""
    # {% if cookiecutter.__telemetry %}
    note_error(error)
    # {% endif %}
    logger.error("%s failed", _plain(request), exc_info=error)
    return UNEXPECTED


def _plain(request: str) -> str:
    # The path is the client's, and could contain a line break and a forged line. No codec: the
    # first error would load it from a file, and may be about too many open files.
    return ascii(request)[1:-1]
