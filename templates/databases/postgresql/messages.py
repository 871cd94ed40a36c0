"""PostgreSQL's error messages, without the values that they quote."""

import re
from typing import Any

from app.kit.db.error_codes import code_of

SETTINGS = {
    "25P03": "DB_IDLE_TRANSACTION_TIMEOUT",
    "53300": "DB_POOL_SIZE",
    "55P03": "DB_LOCK_TIMEOUT",
    "57014": "DB_STATEMENT_TIMEOUT",
}
"""The setting to look at, by the error's code."""
LITERAL = re.compile(r"'(?:''|[^'])*'")
"""A string literal in a statement."""

SYNTAX = "42"
# SQLSTATE classes whose messages are about the schema, the statement or the server, and quote only
# names. Messages about data (22) quote values, and unknown classes may.
NAMING = re.compile("0[8A]|2[13568B]|3[4DF]|4[024]|5[3457]|P0")

# Whatever the language of the server: from the first quotation mark to the last.
_QUOTED = re.compile(r"[\"'`\xab\xbb\u2018-\u201f].*[\"'`\xab\xbb\u2018-\u201f]", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w$])[-+]?\d[\w.:+-]*")
_KEY = re.compile(r"=\(.*\)", re.DOTALL)
# {% if cookiecutter.driver == "asyncpg" %}
_ARGUMENT = re.compile(r"(invalid input for query argument [^:]+):.*( \(.*)", re.DOTALL)
# {% endif %}


def message_of(error: BaseException) -> str:
    """Return the message of `error`, which is the driver's."""
    return str(error)


def redact(error: Any) -> None:
    """Remove the values that `error`, which is the driver's, quotes."""
    # {% if cookiecutter.driver == "asyncpg" %}
    # {% if cookiecutter.sync_engine == "yes" %}
    if hasattr(error, "diag"):
        _redact_psycopg(error)
        return
    # {% endif %}
    # SQLAlchemy wraps asyncpg's error in one of its own.
    cause = error.__cause__ or error
    if cause.args and isinstance(cause.args[0], str):
        if found := _ARGUMENT.fullmatch(cause.args[0]):
            # asyncpg could not send a value, and says which.
            cause.args, cause.__cause__ = (f"{found[1]}{_QUOTED.sub('…', found[2])}",), None
        elif code := code_of(cause):
            message = cause.args[0], cause.detail, cause.hint
            cause.args, cause.detail, cause.hint = _redacted(code, *message)
        error.args = error.args if cause is error else (str(cause),)
    # {% else %}
    _redact_psycopg(error)
    # {% endif %}


# {% if cookiecutter.driver == "psycopg" or cookiecutter.sync_engine == "yes" %}
def _redact_psycopg(error: Any) -> None:
    code, said = code_of(error), getattr(error, "diag", None)
    if code and said and said.message_primary:
        message = said.message_primary, said.message_detail, said.message_hint
        [primary], detail, hint = _redacted(code, *message)
        more = [f"DETAIL:  {detail}"] if detail else []
        more += [f"HINT:  {hint}"] if hint else []
        error.args = ("\n".join([primary, *more]),)


# {% endif %}
def _redacted(
    code: str, primary: str, detail: str | None, hint: str | None
) -> tuple[tuple[str], str | None, str | None]:
    if not NAMING.match(code):
        primary = _NUMBER.sub("…", _QUOTED.sub("…", primary))
    # Keep the columns of a duplicate or missing key; any other detail quotes the row.
    detail = _KEY.sub("=(…)", detail) if detail and _KEY.search(detail) else None
    return (primary,), detail, hint if code.startswith(SYNTAX) else None
