"""What MySQL and MariaDB take for text and for comments, and which statements only read."""

import re

OPAQUE = re.compile(
    r"""
      --(?=\s|\Z)[^\n]*
    | \#[^\n]*
    | /\*(?!M?!).*?\*/  # none that the server executes
    | '(?:[^'\\]|\\.)*'
    | "(?:[^"\\]|\\.)*"
    | `[^`]*`
    """,
    re.DOTALL | re.VERBOSE,
)
READS = re.compile(r"(?:SELECT|WITH|VALUES|TABLE|SHOW|HELP|CHECKSUM)\b")
OF_TRANSACTIONS = re.compile(
    # The last two are how a snapshot begins.
    r"(?:SAVEPOINT|RELEASE|ROLLBACK TO|SET TRANSACTION ISOLATION|START TRANSACTION)\b"
)
