"""PostgreSQL's SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

CONFLICTS = {
    "23503",  # foreign_key_violation
    "23505",  # unique_violation
    "23P01",  # exclusion_violation
}
UNSTORABLE = {"22P05"}  # untranslatable_character
READ_ONLY = "25006"
"""read_only_sql_transaction: a demoted primary answers this."""
CONTENTION = {
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "55P03",  # lock_not_available
}
"""Others were in the way: the same transaction, rolled back and done again, may succeed."""
UNAVAILABLE = CONTENTION | {
    READ_ONLY,
    "25P03",  # idle_in_transaction_session_timeout
    "25P04",  # transaction_timeout
}
UNAVAILABLE_CLASSES = {
    "08",  # connection exception
    "28",  # invalid authorization
    "53",  # insufficient resources
    "57",  # operator intervention: shutdown, cancelled, statement_timeout
}
# {% if cookiecutter.__jobs %}
FINAL_CLASSES = {
    "0A",  # feature not supported
    "21",  # cardinality violation
    "22",  # data exception: too long, out of range, divided by zero
    "23",  # integrity constraint violation
    "3F",  # invalid schema name
    "42",  # syntax error or access rule violation
    "44",  # WITH CHECK OPTION violation
    "54",  # program limit exceeded
}
# {% endif %}


def code_of(error: BaseException | None) -> str | None:
    """Return the SQLSTATE of a driver's error, or None if the server gave none."""
    code = getattr(error, "sqlstate", None)
    return code if isinstance(code, str) else None


def is_conflict(code: str) -> bool:
    """Return whether the data forbids what was asked."""
    return code in CONFLICTS


def is_unavailable(code: str) -> bool:
    """Return whether the server could not answer, but may soon."""
    return code in UNAVAILABLE or code[:2] in UNAVAILABLE_CLASSES
# {% if cookiecutter.__jobs %}


def is_final(code: str) -> bool:
    """Return whether the same statement would fail again for the same reason."""
    return code[:2] in FINAL_CLASSES
# {% endif %}
