"""MySQL's and MariaDB's error numbers (https://mariadb.com/kb/en/mariadb-error-code-reference/)."""

CONFLICTS = {
    1062,  # duplicate entry
    1216,  # a row that is referred to is missing; the user may not see its table
    1217,  # a row is still referred to; the user may not see the table
    1451,  # a row is still referred to
    1452,  # a row that is referred to is missing
    1586,  # duplicate entry, with the key's name
}
UNSTORABLE = {
    1366,  # a character that the column's set lacks (and what is no number, for a number)
    3988,  # … that the collation lacks (MySQL)
}
READ_ONLY = {
    1290,  # an option forbids it: the server is read-only for now
    1836,  # the server is read-only for now
}
OUT_OF_CLUSTER = 1047
"""A node of Galera answers this that left its cluster, or has not joined it yet."""
UNREACHABLE = {
    OUT_OF_CLUSTER,
    1053,  # the server is shutting down
    1152,  # the connection was aborted
    1158,  # the network failed: reading
    1159,  # … in time
    1160,  # … writing
    1161,  # … in time
    2002,  # the driver's own: no server at this socket
    2003,  # … at this address
    2006,  # … any more
    2013,  # … in the middle of a query
    2055,  # … in the middle of a query, with the system's reason
}
CONTENTION = {
    1020,  # somebody else changed the row since we read it (MariaDB)
    1205,  # waited too long for a lock
    1213,  # deadlock
    3572,  # NOWAIT would have to wait (MySQL)
}
"""Others were in the way: the same transaction, rolled back and done again, may succeed."""
UNDOING = {1020, 1213}
"""The server has undone the whole transaction, and not only the statement."""
NO_SAVEPOINT = 1305
"""There is no such savepoint, or function."""
UNAVAILABLE = {
    *CONTENTION,
    *READ_ONLY,
    *UNREACHABLE,
    1021,  # the disk is full
    1037,  # out of memory
    1040,  # too many connections
    1041,  # out of memory
    1045,  # access denied
    1114,  # the table is full: the disk, as a rule
    1203,  # too many connections of this user
    1226,  # the user's resources are used up
    1317,  # the query was interrupted
    1698,  # access denied, without a password
    1927,  # the connection was killed (MariaDB)
    1969,  # max_statement_time exceeded (MariaDB)
    3024,  # max_execution_time exceeded (MySQL)
    4031,  # disconnected after too long a rest (MySQL)
}
# {% if cookiecutter.__jobs %}
FINAL = CONFLICTS | {
    1048,  # NULL in a column that takes none
    1054,  # unknown column
    1064,  # syntax error
    1136,  # more or fewer values than columns
    1142,  # the user may not do this to the table
    1143,  # … to the column
    1146,  # no such table
    1153,  # larger than max_allowed_packet
    1242,  # a subquery has several rows
    1264,  # out of range
    1265,  # a value was cut
    1292,  # no such date or number
    1305,  # no such function
    1364,  # a column has no default
    1365,  # divided by zero
    1366,  # no value for this type
    1406,  # too long
    1411,  # no value for this function
    1690,  # out of range, in an expression
    3140,  # no JSON (MySQL)
    3819,  # a CHECK is violated (MySQL)
    3988,  # a character that the collation lacks (MySQL)
    4025,  # a CHECK is violated (MariaDB)
}
# {% endif %}


def code_of(error: BaseException | None) -> int | None:
    """Return the number of a driver's error, or None if it has none."""
    # The number and not the SQLSTATE, which is HY000 for most of these.
    code = error.args[0] if error is not None and error.args else None
    return code if isinstance(code, int) and code > 0 else None


def is_conflict(code: int) -> bool:
    """Return whether the data forbids what was asked."""
    return code in CONFLICTS


def is_unavailable(code: int) -> bool:
    """Return whether the server could not answer, but may soon."""
    return code in UNAVAILABLE
# {% if cookiecutter.__jobs %}


def is_final(code: int) -> bool:
    """Return whether the same statement would fail again for the same reason."""
    return code in FINAL
# {% endif %}
