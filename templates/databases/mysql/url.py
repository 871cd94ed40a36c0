"""The database's URL, and the parameters that it may have."""

import re
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import unquote

from sqlalchemy import URL

from app.kit.db import tls_url
from app.kit.db.url_parameters import ANY, read_url, seconds, validate_parameters

DIALECT = "{{ cookiecutter._drivers[cookiecutter.driver].dialect }}"
PORT = "{{ cookiecutter._drivers[cookiecutter.driver].port }}"

_PLACES = ("host", "port")


PARAMETERS: dict[str, Collection[str]] = {
    **tls_url.PARAMETERS,
    # Stand for settings: see `settings_in`.
    "connect_timeout": ANY,
    "program_name": ANY,
    # For the driver.
    "unix_socket": ANY,
    # True in any case.
    "allowPublicKeyRetrieval": ("true",),
    "characterEncoding": ("utf-8", "utf8", "utf8mb4"),
    "charset": ("utf8mb4", "utf8mb3", "utf8"),
    "serverTimezone": ("utc",),
    "useUnicode": ("true",),
    "use_unicode": ("1", "true"),
}
INSTEAD = {
    **tls_url.INSTEAD,
    **dict.fromkeys(["user", "password", "passwd", "host", "port"], "write USER:PASSWORD@HOST"),
    **dict.fromkeys(["connection_limit", "pool_size"], "set DB_POOL_SIZE"),
    **dict.fromkeys(["read_timeout", "write_timeout", "socketTimeout"], "set DB_STATEMENT_TIMEOUT"),
    "application_name": "write program_name=",
    "connectTimeout": "write connect_timeout= in seconds",
    "max_overflow": "set DB_MAX_OVERFLOW",
    "pool_timeout": "set DB_POOL_TIMEOUT",
    "socket": "write unix_socket=",
}

# MySQL's own spelling, and that of managed services.
_SSL_MODE = ("ssl-mode", "ssl_mode")
_SSL_MODES = {
    "disabled": "disable",
    "required": "require",
    "verify_ca": "verify-ca",
    "verify_identity": "verify-full",
}


def parse_url(text: str, *, replica: bool = False) -> URL:  # noqa: ARG001  no roles here
    """Return the URL with this service's driver.

    Raises ValueError for a URL that is refused, without its value: that may hold a password.
    """
    several = _SEVERAL.fullmatch(text.strip())
    url = read_url(
        several[1] + several[3] if several else text, dialect=DIALECT, place="USER@HOST/NAME"
    )
    for name in _SSL_MODE:
        if name in url.query:
            validate_parameters(url, {**PARAMETERS, name: _SSL_MODES}, instead=INSTEAD)
            mode = _SSL_MODES[str(url.query[name]).lower()]
            url = url.difference_update_query([name]).update_query_dict({"sslmode": mode})
    url = validate_parameters(url, PARAMETERS, instead=INSTEAD)
    hosts = several[2] if several else unquote(url.host or "")
    return _with_servers(url, hosts, str(url.port or ""))


def settings_in(url: URL) -> dict[str, Any]:
    """Return the settings that the parameters of `url` stand for; those that are set come first.

    Raises ValueError for a value that is refused.
    """
    return {
        **tls_url.tls_settings(url),
        "db_application_name": url.query.get("program_name"),
        "db_connect_timeout": seconds(url, "connect_timeout"),
    }


def driver_url(url: URL) -> URL:
    """Return `url` with only those parameters that all drivers read alike."""
    return url.difference_update_query({*PARAMETERS, *_PLACES} - {"unix_socket"})


def create_url(*, host: str, port: str, **parts: Any) -> URL:
    """Return the URL of its parts; `host` may be a socket, or with `port` list several servers.

    Raises ValueError if the numbers of hosts and ports differ.
    """
    return _with_servers(URL.create(DIALECT, **parts), host, port)


def servers_of(url: URL) -> list[tuple[str, int]]:
    """Return the hosts that the URL names, or the path of its socket, with their ports."""
    if "host" not in url.query:
        return [(str(url.query.get("unix_socket", url.host or "")), url.port or int(PORT))]
    hosts, ports = (str(url.query[name]).split(",") for name in _PLACES)
    return [(host, int(port)) for host, port in zip(hosts, ports, strict=True)]


def _with_servers(url: URL, hosts: str, ports: str) -> URL:
    servers = list(_pair(hosts.split(","), ports.split(",")))
    [(host, port), *more] = servers
    if not more and not host.startswith("/"):
        return url.set(host=host or None, port=int(port) if port else None)
    if more and not all(host and not host.startswith("/") for host, _ in servers):
        raise ValueError("names a server without a host between its commas, or a socket")
    several = {
        "host": ",".join(host for host, _ in servers),
        "port": ",".join(port or PORT for _, port in servers),
    }
    # Without a host, which would be shown instead of the socket.
    without = URL.create(url.drivername, url.username, url.password, database=url.database)
    return without.set(query={**url.query, **(several if more else {"unix_socket": host})})


# {% include "parts/several_servers.py" %}
