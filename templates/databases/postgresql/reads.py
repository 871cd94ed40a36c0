"""What PostgreSQL takes for text and for comments, and which statements only read."""

import re

OPAQUE = re.compile(
    r"""
      --[^\r\n]*
    # With comments inside, but none inside those.
    | /\*(?:[^*/]|\*(?!/)|/(?!\*)|/\*(?:[^*/]|\*(?!/)|/(?!\*))*\*/)*\*/
    | (?<!\w)E'(?:[^'\\]|\\.)*'(?:\s*'(?:[^'\\]|\\.)*')*
    | '[^']*'
    | "[^"]*"
    | (?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$
    """,
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
READS = re.compile(r"(?:SELECT|WITH|VALUES|TABLE|SHOW)\b")
OF_TRANSACTIONS = re.compile(
    r"(?:SAVEPOINT|RELEASE|ROLLBACK TO|SET LOCAL|DECLARE|FETCH|MOVE|CLOSE)\b"
)
