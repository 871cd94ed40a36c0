"""Classes of database failures, each of which has its answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.kit.db import error_codes
from app.kit.errors import ConflictError


class Failure(Enum):
    """What a failure means, and so what to answer."""

    CONFLICT = auto()
    """A conflict with the data: a value is taken, or a referenced row is missing."""
    UNSTORABLE = auto()
    """A text has a character that the database's encoding lacks."""
    UNAVAILABLE = auto()
    """The database is unavailable or busy: a retry in a moment may succeed."""
    UNEXPECTED = auto()
    """A fault of the service."""


def classify(error: SQLAlchemyError) -> Failure:
    """Return what `error` means, judged by its type and code and never by its text."""
    if not isinstance(error, DBAPIError):
        is_timeout = isinstance(error, PoolTimeoutError)
        return Failure.UNAVAILABLE if is_timeout else Failure.UNEXPECTED
    if error.connection_invalidated:
        # Lost, or given up: the next one may be better.
        return Failure.UNAVAILABLE
    code = error_codes.code_of(error.orig)
    if code is None:
        # It never came to an answer if the connection was refused.
        refused = isinstance(error, OperationalError)
        return Failure.UNAVAILABLE if refused else Failure.UNEXPECTED
    if error_codes.is_conflict(code):
        return Failure.CONFLICT
    if code in error_codes.UNSTORABLE:
        return Failure.UNSTORABLE
    return Failure.UNAVAILABLE if error_codes.is_unavailable(code) else Failure.UNEXPECTED


@contextmanager
def conflict_means(message: str) -> Iterator[None]:
    """Raise ConflictError with `message` for a conflict that the database finds in the block."""
    try:
        yield
    except DBAPIError as error:
        if classify(error) is not Failure.CONFLICT:
            raise
        raise ConflictError(message) from error
