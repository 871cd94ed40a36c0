"""What SQLite takes for text and for comments, and which statements only read."""

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
# The last one is how a snapshot begins.
OF_TRANSACTIONS = re.compile(r"(?:SAVEPOINT|RELEASE|ROLLBACK TO|BEGIN)\b")
