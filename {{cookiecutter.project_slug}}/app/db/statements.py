"""Whether a statement only reads, by its words."""

import re
from functools import lru_cache

from app.db.reads import OF_TRANSACTIONS, OPAQUE, READS

# All of these are for a statement without texts and comments, in capitals, with one space
# between its words and signs.
_EXPLAIN = re.compile(
    r"(?:EXPLAIN|DESCRIBE|DESC|ANALYZE(?! TABLE| LOCAL| NO_WRITE)) "
    r"(?:\( (?!SELECT|WITH|VALUES|TABLE|\()[^()]*\) |(?:ANALYZE|ANALYSE|VERBOSE|FORMAT = \w+) )*"
)
_WRITES = re.compile(
    r"""
    # Where a statement begins; elsewhere they may be names.
      (?:\)|\b(?:AS|MATERIALIZED)\ \(|\b(?:SET|USING)\ \S+)\ (INSERT|UPDATE|DELETE|MERGE|REPLACE)\b
    | (?<!\.\ )(?<!\ AS\ )\b(INTO)\b
    | \b(FOR\ (?:(?:NO\ KEY\ )?UPDATE|(?:KEY\ )?SHARE)|LOCK\ IN\ SHARE)\b
    | \b(NEXTVAL|SETVAL)\ \(
    | \b(NEXT\ VALUE)\b
    | (/\ \*|['"`])  # a comment or text without an end
    """,
    re.VERBOSE,
)


# SQLAlchemy compiles most statements once, so their texts come again.
@lru_cache(maxsize=1_000)
def refusal(statement: str, *, in_transaction: bool, streams: bool) -> str | None:
    """Return why a session that only reads refuses `statement`, or None.

    `streams` tells that its result is not fetched at once.
    """
    words = " ".join(re.findall(r"\w+|\S", OPAQUE.sub(_blank, statement))).upper()
    parts = [part for part in map(str.strip, words.split(";")) if part]
    if found := next(filter(None, map(_find_write, parts)), None):
        return (
            f"This session only reads, and a statement with {found} is no read: "
            "use `Sessions.write`."
        )
    if not in_transaction and (streams or any(map(OF_TRANSACTIONS.match, parts))):
        return (
            "`Sessions.read` has no transaction, which streams, cursors and savepoints need: "
            "use `Sessions.snapshot`."
        )
    return None


def _find_write(statement: str) -> str | None:
    if explain := _EXPLAIN.match(statement):
        if "ANALY" not in explain[0]:
            # It is planned, and not executed.
            return None
        statement = statement[explain.end() :]
    beginning = statement.lstrip("( ")
    if not (READS.match(beginning) or OF_TRANSACTIONS.match(beginning)):
        return beginning.partition(" ")[0]
    found = _WRITES.search(statement)
    return found and found[found.lastindex or 0]


def _blank(opaque: re.Match[str]) -> str:
    # A text stands for something; a comment does not.
    return " " if opaque[0].startswith(("--", "/*", "#")) else " ? "
