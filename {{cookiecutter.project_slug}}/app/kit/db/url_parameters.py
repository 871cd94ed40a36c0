"""The query parameters of the database's URL: each is honoured or refused, none is ignored."""

import re
from collections.abc import Collection, Mapping

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

ANY = ()
"""Any value is allowed."""
NOT_A_URL = (ArgumentError, ValueError)

_TLS = re.compile("ssl|tls", re.IGNORECASE)
_OF_TLS = "leave it out, and write sslmode= if there is to be TLS"
_PLAIN = re.compile(r"[A-Za-z][\w.-]{,40}")


def read_url(text: str, *, dialect: str, place: str) -> URL:
    """Return the URL with the driver of `dialect`, whichever driver of that database it names.

    Raises ValueError if it is not such a URL; the message leaves out the value, which may hold a
    password.
    """
    try:
        # Secrets that come from files often end in a line break.
        url = make_url(text.strip(), keep_blank_values=True)
    except NOT_A_URL:
        raise ValueError(f"is not a URL of the form {dialect}://{place}") from None
    wanted, _, _ = dialect.partition("+")
    database, _, _ = url.drivername.partition("+")
    aliases = {"postgres": "postgresql", "mariadb": "mysql", "sqlite3": "sqlite"}
    if aliases.get(database, database) != wanted:
        raise ValueError(f"does not start with {wanted}://, which this service needs")
    return url.set(drivername=dialect)


def validate_parameters(
    url: URL, parameters: Mapping[str, Collection[str]], *, instead: Mapping[str, str]
) -> URL:
    """Return `url` with its values in lower case where `parameters` lists the allowed values.

    Raises ValueError for a parameter or a value that is not in `parameters`, with the advice of
    `instead`.
    """
    for name, [value, *more] in url.normalized_query.items():
        if name not in parameters:
            shown = f"{name}=" if _PLAIN.fullmatch(name) else "something"
            advice = instead.get(name, _OF_TLS if _TLS.search(name) else "leave it out")
            raise ValueError(
                f"has {shown} behind the question mark, which this service does not read: {advice}"
            )
        if value == "":
            raise ValueError(f"has {name}= without a value")
        if more:
            raise ValueError(f"has {name}= more than once")
        values = parameters[name]
        if values and value.lower() not in values:
            raise ValueError(f"has {name}= with none of these values: {', '.join(values)}")
        if values:
            url = url.update_query_dict({name: value.lower()})
    return url


def seconds(url: URL, name: str) -> float | None:
    """Return the seconds in parameter `name`, or None without it.

    Raises ValueError for anything but a number above 0.
    """
    if name not in url.query:
        return None
    value = str(url.query[name])
    if not re.fullmatch(r"\d+(\.\d+)?", value) or not float(value):
        raise ValueError(f"has {name}= with no number of seconds above 0")
    return float(value)
