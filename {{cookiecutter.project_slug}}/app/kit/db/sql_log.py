"""A log of SQL statements: of the whole process (APP_LOG_SQL), or of one block of code.

And one of those that are slow (APP_SLOW_QUERY).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from app.kit.db.error_reports import one_line, without_literals
from app.kit.db.frames import asking_line
from app.kit.db.settings import DatabaseSettings

logger = logging.getLogger("app.sql")
# Whoever switches it on wants to see it, whatever APP_LOG_LEVEL is.
logger.setLevel(logging.INFO)
_console = logging.StreamHandler()
_console.setFormatter(logging.Formatter("%(levelname)s: %(name)s: %(message)s"))
# Only for notebooks, and programs that have no other handler.
_console.addFilter(lambda _record: not logging.getLogger().handlers)
logger.addHandler(_console)

LONGEST_VALUES = 1_000
"""Characters of a statement's values that are logged."""

_in_block: ContextVar[bool | None] = ContextVar("in_block", default=None)
"""Whether the current block logs values; None outside of a block."""


@contextmanager
def logged_sql(*, values: bool = False) -> Iterator[None]:
    """Log the statements of this block, and of the tasks that it starts.

    `values` also logs their values, which may be personal or secret.
    """
    token = _in_block.set(values)
    try:
        yield
    finally:
        _in_block.reset(token)


def log_sql_of(engine: Engine, settings: DatabaseSettings) -> None:
    """Log the statements of `engine`: all if APP_LOG_SQL is set, else those of `logged_sql()`."""
    everywhere = settings.app_log_sql_values if settings.app_log_sql else None

    # Not SQLAlchemy's own log: a connection decides once, when it is made, whether it logs.
    def log(_cursor: Any, statement: str, *rest: Any) -> None:
        here = _in_block.get()
        if here is None and everywhere is None:
            return
        # The context is the last; before it are the values, if there may be any.
        values = rest[0] if len(rest) > 1 else ()
        times = f"({len(values)} times) " if isinstance(values, list) else ""
        if here or everywhere:
            shown = f"{statement} {values!r:.{LONGEST_VALUES}}"
        else:
            shown = without_literals(statement)
        logger.info("%s%s", times, " ".join(shown.split()))

    # The dialect's events: for one of the engine's, each connection makes dispatchers of its own.
    for event_name in ("do_execute", "do_executemany", "do_execute_no_params"):
        event.listen(engine, event_name, log)
    if settings.app_slow_query:
        _log_slow_queries_of(engine, settings.app_slow_query)


def _log_slow_queries_of(engine: Engine, threshold: float) -> None:
    def start(*arguments: Any) -> None:
        *_, context, _ = arguments
        context.started = perf_counter()

    def end(_: Any, cursor: Any, *arguments: Any) -> None:
        *_, context, _ = arguments
        log(context, cursor.rowcount)

    def fail(error: ExceptionContext) -> None:
        log(error.execution_context, -1)

    def log(context: Any, rows: int) -> None:
        duration = perf_counter() - getattr(context, "started", perf_counter())
        if duration < threshold:
            return
        statement, place = one_line(without_literals(context.statement)), asking_line()
        fields = {"statement": statement, "duration": round(duration, 6), "place": place}
        # Not every driver knows, and a statement that failed has none.
        known = {"rows": rows} if rows >= 0 else {}
        said = f"{duration:.3f} s{f', {rows} rows' if known else ''}, asked in {place}: {statement}"
        logger.warning("%s", said, extra=fields | known)

    event.listen(engine, "before_cursor_execute", start)
    event.listen(engine, "after_cursor_execute", end)
    event.listen(engine, "handle_error", fail)
