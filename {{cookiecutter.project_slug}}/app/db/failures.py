"""Failures of the database in words, for a log: what failed, why, and where.

There is no value of a row in them, since the errors quote none, whoever prints them.
"""

import sysconfig
import traceback
from pathlib import Path
from types import FrameType

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, StatementError

from app.db.error_codes import code_of
from app.db.messages import LITERAL, SETTINGS, hide_values, message_of

LONGEST = 2_000
"""Characters of a message, or of a statement, that are kept."""
FRAMES = 20

DB = str(Path(__file__).parent)
APP = str(Path(__file__).parents[1])
LIBRARIES = tuple(map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")))


def hide_values_of(engine: Engine) -> None:
    """Let no error of `engine` quote a value, nor a text that stands in a statement."""
    event.listen(engine, "handle_error", _hide_values)


def in_words(error: SQLAlchemyError) -> str:
    """Return what failed and why, in a line."""
    name = type(error).__name__
    setting = None
    if not isinstance(error, StatementError) or isinstance(error.orig, SQLAlchemyError):
        # That a session can't go on is told with the whole of the first error.
        reason = str(error).partition(" Original exception was")[0]
    elif not isinstance(error, DBAPIError):
        # Python's own, which may quote the value: the traceback says what it is about.
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
    return f"{name}: {_line(reason)}{f' ({setting})' if setting else ''}"


def kind_of(error: SQLAlchemyError) -> object:
    """Return what the failures of one cause have in common."""
    if not isinstance(error, DBAPIError):
        return type(error)
    return type(error), code_of(error.orig), error.connection_invalidated


def report(error: SQLAlchemyError) -> str:
    """Return what failed, why, the statement, and the lines of ours that led to it."""
    parts = ["Traceback (most recent call last):\n", *_frames(error), in_words(error)]
    if isinstance(error, StatementError) and error.statement:
        parts.append(f"\nSQL: {_line(without_texts(error.statement))}")
    return "".join(parts)


def without_texts(statement: str) -> str:
    """Return `statement` without the texts that stand in it, which may be values."""
    hidden = LITERAL.sub("…", statement)
    # A quotation mark too many, and so nobody knows where a text ends.
    return statement[: statement.index("'")] + "…" if "'" in hidden else hidden


def _hide_values(context: ExceptionContext) -> None:
    error, wrapper = context.original_exception, context.sqlalchemy_exception
    statement = without_texts(context.statement or "")
    if isinstance(wrapper, DBAPIError):
        before = str(error)
        hide_values(error)
        wrapper.args = (wrapper.args[0].replace(before, str(error)),)
        wrapper.statement = statement or None
    elif wrapper is None and statement and isinstance(error, Exception):
        # Not the driver's, which may say nothing of what it failed at.
        error.add_note(f"[SQL: {_line(statement)}]")


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _frames(error: SQLAlchemyError) -> list[str]:
    ours = [it for it in traceback.walk_tb(error.__traceback__) if _is_ours(it[0])]
    # What stands between the line that asked and the driver says nothing more.
    while isinstance(error, DBAPIError) and len(ours) > 1 and _file(ours[-1][0]).startswith(DB):
        ours.pop()
    return traceback.StackSummary.extract(iter(ours[-FRAMES:])).format()


def _is_ours(frame: FrameType) -> bool:
    file = _file(frame)
    # What Cython compiled has no path of its own.
    return file.startswith(APP) or not (file.startswith(LIBRARIES) or "<" in file or ".pyx" in file)


def _file(frame: FrameType) -> str:
    return str(Path(frame.f_code.co_filename).absolute())
