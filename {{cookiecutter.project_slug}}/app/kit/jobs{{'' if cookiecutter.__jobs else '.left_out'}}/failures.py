"""Why a job failed, in words, and whether another attempt may succeed."""

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
    StatementError,
)

from app.kit.db.error_codes import code_of, is_final
from app.kit.db.error_reports import in_words, one_line
from app.kit.db.failures import Failure, classify
from app.kit.errors import ConflictError, InvalidError

FINAL = (DataError, IntegrityError, NotSupportedError, ProgrammingError)


class HopelessError(Exception):
    """The job fails however often it is tried; the message is a sentence that says why."""


class InterruptedJobError(Exception):
    """The job was interrupted; the message is a sentence that says why."""


class StuckJobError(InterruptedJobError):
    """The job was cancelled and goes on."""


EXPECTED = (ConflictError, HopelessError, InterruptedJobError, InvalidError)
"""Errors whose message says it all: the log needs no traceback."""


def cause_of(error: Exception) -> Exception:
    """Return the error that `error`, which a TaskGroup may have raised, is about."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        [error] = error.exceptions
    return error


def is_hopeless(error: Exception) -> bool:
    """Return whether the same job would fail again for the same reason.

    That is so if the data, the schema or the statement are wrong. What an owner's code raises may
    be over the next time, unless it is a HopelessError.
    """
    if not isinstance(error, SQLAlchemyError):
        return isinstance(error, HopelessError | ConflictError | InvalidError)
    if classify(error) is Failure.UNAVAILABLE:
        return False
    if not isinstance(error, DBAPIError):
        # A value that the driver can't send.
        return isinstance(error, StatementError) and not isinstance(error.orig, SQLAlchemyError)
    code = code_of(error.orig)
    # Some drivers have no class of their own for these errors, and some errors have no code.
    return isinstance(error, FINAL) or (code is not None and is_final(code))


def describe(error: Exception) -> str:
    """Return what is wrong, in one line."""
    if isinstance(error, SQLAlchemyError):
        return in_words(error)
    said, name = one_line(str(error)), type(error).__name__
    if isinstance(error, EXPECTED):
        return said or name
    return f"{name}: {said}" if said else name
