"""Log messages for failures of the database: what failed, why, and where.

They contain no value of a row: values are removed from the errors themselves, whoever prints them.
"""

import traceback

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, StatementError

from app.kit.db.error_codes import code_of
from app.kit.db.frames import DB, file_of, is_ours
from app.kit.db.messages import LITERAL, SETTINGS, message_of, redact

LONGEST = 2_000
"""Characters of a message or a statement that are logged."""
FRAMES = 20
"""Frames of a traceback that are logged."""


def redact_errors(engine: Engine) -> None:
    """Remove values, and the string literals of statements, from all errors of `engine`."""
    event.listen(engine, "handle_error", _redact)


def in_words(error: SQLAlchemyError) -> str:
    """Return what failed and why, in one line."""
    name = type(error).__name__
    setting = None
    if not isinstance(error, StatementError) or isinstance(error.orig, SQLAlchemyError):
        # SQLAlchemy appends the whole first error to its advice to roll back.
        reason = str(error).partition(" Original exception was")[0]
    elif not isinstance(error, DBAPIError):
        # An error of Python, whose message may quote the value.
        reason = f"a value could not be sent ({type(error.orig).__name__})"
    else:
        code, reason = code_of(error.orig), message_of(error.orig or error)
        if code:
            name, setting = f"{name} {code}", SETTINGS.get(code)
        if isinstance(error.orig, TimeoutError):
            reason = "the server did not answer in time"
        elif error.connection_invalidated:
            reason = f"the connection is lost: {reason}"
        elif code is None and isinstance(error, OperationalError):
            reason = f"there is no connection: {reason}"
    return f"{name}: {one_line(reason)}{f' ({setting})' if setting else ''}"


# {% if cookiecutter.__networked %}
def is_timeout(error: SQLAlchemyError) -> bool:
    """Return whether a connection was not open in time, whatever the driver calls that."""
    cause: BaseException | None = error
    while cause and not isinstance(cause, TimeoutError):
        cause = getattr(cause, "orig", None) or cause.__cause__
    return cause is not None


# {% endif %}
def kind_of(error: SQLAlchemyError) -> object:
    """Return a key that is equal for failures with the same cause."""
    if not isinstance(error, DBAPIError):
        return type(error)
    return type(error), code_of(error.orig), error.connection_invalidated


def report(error: SQLAlchemyError) -> str:
    """Return the project's own frames, what failed and why, and the statement."""
    parts = ["Traceback (most recent call last):\n", *_frames(error), in_words(error)]
    if isinstance(error, StatementError) and error.statement:
        parts.append(f"\nSQL: {one_line(without_literals(error.statement))}")
    return "".join(parts)


def without_literals(statement: str) -> str:
    """Return `statement` without its string literals, which may be values."""
    hidden = LITERAL.sub("…", statement)
    # An unbalanced quotation mark: where a literal ends is unknown, so cut here.
    return statement[: statement.index("'")] + "…" if "'" in hidden else hidden


def one_line(text: str) -> str:
    """Return `text` in one line that is not too long, and that every database can store."""
    line = " ".join(text.split()).replace("\0", "").encode(errors="backslashreplace").decode()
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _redact(context: ExceptionContext) -> None:
    error, wrapper = context.original_exception, context.sqlalchemy_exception
    statement = without_literals(context.statement or "")
    if isinstance(wrapper, DBAPIError):
        before = str(error)
        redact(error)
        wrapper.args = (wrapper.args[0].replace(before, str(error)),)
        wrapper.statement = statement or None
    elif wrapper is None and statement and isinstance(error, Exception):
        # Not an error of the driver: its message may not name the statement.
        error.add_note(f"[SQL: {one_line(statement)}]")


def _frames(error: SQLAlchemyError) -> list[str]:
    steps = traceback.walk_tb(error.__traceback__)
    ours = [step for step in steps if is_ours(step[0].f_code)]
    # The frames of app/kit/db between the caller and the driver add nothing.
    may_shorten = isinstance(error, DBAPIError)
    while may_shorten and len(ours) > 1 and file_of(ours[-1][0].f_code).startswith(DB):
        ours.pop()
    return traceback.StackSummary.extract(iter(ours[-FRAMES:])).format()
