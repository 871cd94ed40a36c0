"""Patterns for MySQL and MariaDB: literals, comments, reads, transaction control."""

import re

OPAQUE = re.compile(
    r"""
      --(?=\s|\Z)[^\n]*
    | \#[^\n]*
    | /\*(?!M?!).*?\*/  # not those that the server executes
    | '(?:[^'\\]|\\.)*'
    | "(?:[^"\\]|\\.)*"
    | `[^`]*`
    """,
    re.DOTALL | re.VERBOSE,
)
READS = re.compile(r"(?:SELECT|WITH|VALUES|TABLE|SHOW|HELP|CHECKSUM)\b")
TRANSACTION_CONTROL = re.compile(
    # The last two begin a snapshot.
    r"(?:SAVEPOINT|RELEASE|ROLLBACK TO|SET TRANSACTION ISOLATION|START TRANSACTION)\b"
)
