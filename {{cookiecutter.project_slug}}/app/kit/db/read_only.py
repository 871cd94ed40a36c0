"""A guard for sessions that only read: it checks each statement before the driver gets it.

It can't see a function that writes, nor what is done with the driver's own connection.
"""

import re
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, event

from app.kit.db.sql_patterns import OPAQUE, READS, TRANSACTION_CONTROL

# These patterns match a statement in upper case, without literals and comments, and with one space
# between words and signs.
_EXPLAIN = re.compile(
    r"(?:EXPLAIN|DESCRIBE|DESC|ANALYZE(?= FORMAT| SELECT| WITH| \()) "
    r"(?:\( (?!SELECT|WITH|VALUES|TABLE|\()[^()]*\) |(?:ANALYZE|ANALYSE|VERBOSE|FORMAT = \w+) )*"
)
_WRITES = re.compile(
    r"""
    # Only where a statement can begin: elsewhere these words may be names.
      (?:\)|\b(?:AS|MATERIALIZED)\ \(|\b(?:SET|USING)\ \S+)\ (INSERT|UPDATE|DELETE|MERGE|REPLACE)\b
    | (?<!\.\ )(?<!\ AS\ )\b(INTO)\b
    | \b(FOR\ (?:(?:NO\ KEY\ )?UPDATE|(?:KEY\ )?SHARE)|LOCK\ IN\ SHARE)\b
    | \b(NEXTVAL|SETVAL)\ \(
    | \b(NEXT\ VALUE)\b
    | (/\ \*|['"`])  # a comment or a literal without an end
    """,
    re.VERBOSE,
)


class ReadOnlyError(RuntimeError):
    """A session that only reads refused a statement."""


def refuse_writes(engine: Engine) -> None:
    """Raise ReadOnlyError for what does not only read, where `reads_in_transaction` is an option.

    If it is False, also for what needs a transaction: streams, cursors and savepoints.
    """
    # The dialect's events: for one of the engine's, each connection makes dispatchers of its own.
    for event_name in ("do_execute", "do_executemany", "do_execute_no_params"):
        event.listen(engine, event_name, _check)


def _check(_cursor: object, statement: str, *rest: Any) -> None:
    options = rest[-1].execution_options
    if (in_transaction := options.get("reads_in_transaction")) is None:
        return
    streams = bool(options.get("stream_results"))
    if why := refusal(statement, in_transaction=in_transaction, streams=streams):
        raise ReadOnlyError(why)


# SQLAlchemy caches compiled statements, so the same text comes again.
@lru_cache(maxsize=1_000)
def refusal(statement: str, *, in_transaction: bool, streams: bool) -> str | None:
    """Return why a session that only reads refuses `statement`, which streams or not, or None."""
    words = " ".join(re.findall(r"\w+|\S", OPAQUE.sub(_blank, statement))).upper()
    parts = [part for part in map(str.strip, words.split(";")) if part]
    if found := next(filter(None, map(_find_write, parts)), None):
        return (
            f"This session only reads, and a statement with {found} is no read: "
            "use `Sessions.write`."
        )
    if not in_transaction and (streams or any(map(TRANSACTION_CONTROL.match, parts))):
        return (
            "`Sessions.read` has no transaction, which streams, cursors and savepoints need: "
            "use `Sessions.snapshot`."
        )
    return None


def _find_write(statement: str) -> str | None:
    if explain := _EXPLAIN.match(statement):
        if "ANALY" not in explain[0]:
            # EXPLAIN alone plans the statement, and does not run it.
            return None
        statement = statement[explain.end() :]
    beginning = statement.lstrip("( ")
    if not (READS.match(beginning) or TRANSACTION_CONTROL.match(beginning)):
        return beginning.partition(" ")[0]
    found = _WRITES.search(statement)
    return found and found[found.lastindex or 0]


def _blank(opaque: re.Match[str]) -> str:
    # A literal is an operand, and needs a placeholder; a comment is nothing.
    return " " if opaque[0].startswith(("--", "/*", "#")) else " ? "
