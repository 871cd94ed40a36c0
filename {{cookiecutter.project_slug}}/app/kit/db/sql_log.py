"""A log of SQL statements: of the whole process (APP_LOG_SQL), or of one block of code."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Engine, event

from app.kit.db.error_reports import without_literals
from app.kit.db.settings import DatabaseSettings

logger = logging.getLogger("app.sql")
# Whoever switches it on wants to see it, whatever APP_LOG_LEVEL is.
logger.setLevel(logging.INFO)
_console = logging.StreamHandler()
_console.setFormatter(logging.Formatter("%(levelname)s: %(name)s: %(message)s"))
# Only for scripts and commands, which have no other handler.
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
    def log(_: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:  # noqa: FBT001  the signature is SQLAlchemy's
        here = _in_block.get()
        if here is None and everywhere is None:
            return
        times = f"({len(values)} times) " if many and isinstance(values, list) else ""
        if here or everywhere:
            shown = f"{statement} {values!r:.{LONGEST_VALUES}}"
        else:
            shown = without_literals(statement)
        logger.info("%s%s", times, " ".join(shown.split()))

    event.listen(engine, "before_cursor_execute", log)
