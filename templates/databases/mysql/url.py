"""The database's URL: what may stand in it."""

from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.db.tls_url import ensure_tls_is_understood

DIALECT = "{{ cookiecutter._drivers[cookiecutter.driver].dialect }}"
PORT = {{ cookiecutter._drivers[cookiecutter.driver].port }}

NOT_A_URL = (ArgumentError, ValueError)


def parse_url(text: str, *, replica: bool = False) -> URL:  # noqa: ARG001  all are read alike
    """Return the URL with this service's driver.

    Raises ValueError for what is not understood, without the value: it may hold a password.
    """
    try:
        url = make_url(text)
    except NOT_A_URL:
        raise ValueError(f"is not a URL of the form {DIALECT}://USER@HOST/NAME") from None
    if url.drivername not in {"mysql", "mariadb", DIALECT}:
        raise ValueError(f"does not start with {DIALECT}://, which this service needs")
    for name in ("host", "passwd", "password", "port"):
        if name in url.query:
            raise ValueError(f"has {name}= behind the question mark: write it before the name")
    ensure_tls_is_understood(url)
    return url.set(drivername=DIALECT)


def create_url(**parts: Any) -> URL:
    """Return the URL of its parts, which are named as those of sqlalchemy.URL."""
    return URL.create(DIALECT, **parts)


def servers_of(url: URL) -> list[tuple[str, int]]:
    """Return the hosts that the URL names, with their ports."""
    return [(url.host or "", url.port or PORT)]
