"""Classification of statements by their text: whether one only reads."""

import re
from functools import lru_cache

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


# SQLAlchemy caches compiled statements, so the same text comes again.
@lru_cache(maxsize=1_000)
def refusal(statement: str, *, in_transaction: bool, streams: bool) -> str | None:
    """Return why a session that only reads refuses `statement`, or None.

    `streams` says that its result is streamed.
    """
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
