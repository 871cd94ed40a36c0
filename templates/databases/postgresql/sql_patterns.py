"""Patterns for PostgreSQL: literals and comments, statements that read, transaction control."""

import re

OPAQUE = re.compile(
    r"""
      --[^\r\n]*
    # Comments may be nested, here one level deep.
    | /\*(?:[^*/]|\*(?!/)|/(?!\*)|/\*(?:[^*/]|\*(?!/)|/(?!\*))*\*/)*\*/
    | (?<!\w)E'(?:[^'\\]|\\.)*'(?:\s*'(?:[^'\\]|\\.)*')*
    | '[^']*'
    | "[^"]*"
    | (?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$
    """,
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
READS = re.compile(r"(?:SELECT|WITH|VALUES|TABLE|SHOW)\b")
TRANSACTION_CONTROL = re.compile(
    r"(?:SAVEPOINT|RELEASE|ROLLBACK TO|SET LOCAL|DECLARE|FETCH|MOVE|CLOSE)\b"
)
