"""The database's URL: what may stand in it, and the servers that it names."""

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.db.tls_url import ensure_tls_is_understood

DIALECT = "{{ cookiecutter._drivers[cookiecutter.driver].dialect }}"
PORT = "{{ cookiecutter._drivers[cookiecutter.driver].port }}"

LAST_PORT = 65535

NOT_A_URL = (ArgumentError, ValueError)

ROLES = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")
"""What libpq's target_session_attrs may be: which of several servers is the right one."""

# As SQLAlchemy takes a URL apart, which knows of one server only.
_SEVERAL = re.compile(r"(\w[\w+]*://(?:[^:/]*(?::[^@]*)?@)?)([^/?]*,[^/?]*)(.*)", re.DOTALL)
_SERVER = re.compile(r"(?:\[(?P<ipv6>[^]]+)\]|(?P<name>[^:]*))(?::(?P<port>[^:]*))?")


def parse_url(text: str, *, replica: bool = False) -> URL:
    """Return the URL with this service's driver.

    Raises ValueError for what is not understood, without the value: it may hold a password.
    """
    several = _SEVERAL.fullmatch(text)
    try:
        url = make_url(several[1] + several[3] if several else text)
    except NOT_A_URL:
        raise ValueError(f"is not a URL of the form {DIALECT}://USER@HOST/NAME") from None
    if url.drivername not in {"postgres", "postgresql", DIALECT}:
        raise ValueError(f"does not start with {DIALECT}://, which this service needs")
    for name in ("password", "passwd"):
        if name in url.query:
            raise ValueError(f"has {name}= behind the question mark: write USER:PASSWORD@HOST")
    if "sslpassword" in url.query:
        raise ValueError("has sslpassword= behind the question mark: give libpq a service file")
    if url.query.get("target_session_attrs", "any") not in ROLES:
        raise ValueError(f"has none of these in target_session_attrs: {', '.join(ROLES)}")
    ensure_tls_is_understood(url)
    hosts = several[2] if several else url.query.get("host", url.host or "")
    ports = url.query.get("port", str(url.port or ""))
    return _with_servers(url.set(drivername=DIALECT), hosts, ports, replica=replica)


def create_url(*, host: str, port: str, **parts: Any) -> URL:
    """Return the URL of its parts, of which `host` and `port` may be lists with commas.

    Raises ValueError if they do not fit together.
    """
    return _with_servers(URL.create(DIALECT, **parts), host, port)


def servers_of(url: URL) -> list[tuple[str, int]]:
    """Return the hosts that the URL names, or the folders of their sockets, with their ports."""
    if "host" not in url.query:
        return [(url.host or "", url.port or int(PORT))]
    hosts, ports = (str(url.query[name]).split(",") for name in ("host", "port"))
    return [(host, int(port)) for host, port in zip(hosts, ports, strict=True)]


def _with_servers(
    url: URL,
    hosts: str | tuple[str, ...],
    ports: str | tuple[str, ...],
    *,
    replica: bool = False,
) -> URL:
    servers = list(_pair(_split(hosts), _split(ports)))
    [(host, port), *more] = servers
    if not more and not host.startswith("/"):
        plain = url.difference_update_query(["host", "port"])
        return plain.set(host=host or None, port=int(port) if port else None)
    if more and not all(host for host, _ in servers):
        raise ValueError("names a server without a host between its commas")
    query = {
        # Of several, only one is the primary.
        **({"target_session_attrs": "prefer-standby" if replica else "read-write"} if more else {}),
        **url.query,
        # As both drivers take them.
        "host": ",".join(host for host, _ in servers),
        "port": ",".join(port or PORT for _, port in servers),
    }
    return URL.create(
        url.drivername,
        username=url.username,
        password=url.password,
        database=url.database,
        query=query,
    )


def _split(value: str | tuple[str, ...]) -> list[str]:
    return value.split(",") if isinstance(value, str) else list(value)


def _pair(hosts: list[str], ports: list[str]) -> Iterator[tuple[str, str]]:
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts):
        raise ValueError(f"names {len(hosts)} hosts and {len(ports)} ports: one for all, or each")
    for text, common in zip(hosts, ports, strict=True):
        server = _SERVER.fullmatch(text)
        # An IPv6 address without its brackets is all host.
        host = (server["ipv6"] or server["name"]) if server else text
        port = (server["port"] if server else None) or common
        if port and not (port.isdecimal() and 0 < int(port) <= LAST_PORT):
            raise ValueError(f"has a port that is not a number from 1 to {LAST_PORT}")
        yield host, port
