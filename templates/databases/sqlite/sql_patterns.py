"""Patterns for SQLite: literals and comments, statements that read, transaction control."""

import re

OPAQUE = re.compile(
    r"""
      --[^\n]*
    | /\*.*?(?:\*/|\Z)
    | '[^']*'
    | "[^"]*"
    | `[^`]*`
    | \[[^\]]*\]
    """,
    re.DOTALL | re.VERBOSE,
)
READS = re.compile(
    r"""
      (?:SELECT|WITH|VALUES)\b
    | PRAGMA\ (?:\S+\ \.\ )?(?:
          (?!OPTIMIZE|INCREMENTAL_VACUUM|WAL_CHECKPOINT)\w+
        | (?:TABLE_X?INFO|TABLE_LIST|INDEX_X?INFO|INDEX_LIST|FOREIGN_KEY_LIST|FOREIGN_KEY_CHECK
            |INTEGRITY_CHECK|QUICK_CHECK)\ \(.*\)
      )$
    """,
    re.VERBOSE,
)
# The last one begins a snapshot.
TRANSACTION_CONTROL = re.compile(r"(?:SAVEPOINT|RELEASE|ROLLBACK TO|BEGIN)\b")
