"""The database's URL: the parameters that it may have, and the servers that it names."""

import re
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import unquote

from sqlalchemy import URL

from app.kit.db import tls_url
from app.kit.db.url_parameters import ANY, read_url, seconds, validate_parameters

DIALECT = "{{ cookiecutter._drivers[cookiecutter.driver].dialect }}"
PORT = "{{ cookiecutter._drivers[cookiecutter.driver].port }}"

ROLES = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")
"""What libpq's target_session_attrs may be: which of several servers is the right one."""

_PLACES = ("host", "port")

PARAMETERS: dict[str, Collection[str]] = {
    **tls_url.PARAMETERS,
    # Stand for settings: see `settings_in`.
    "application_name": ANY,
    "channel_binding": ("disable", "prefer", "require"),
    "connect_timeout": ANY,
    "pgbouncer": ("true", "false"),
    # For the driver and the server.
    "options": ANY,
    "schema": ANY,
    "target_session_attrs": ROLES,
    # True in any case.
    "client_encoding": ("utf8", "utf-8"),
    "gssencmode": ("disable", "prefer"),
}
INSTEAD = {
    **tls_url.INSTEAD,
    **dict.fromkeys(["password", "passwd", "user"], "write USER:PASSWORD@HOST"),
    **dict.fromkeys(["connection_limit", "pool_size"], "set DB_POOL_SIZE"),
    **dict.fromkeys(["currentSchema", "search_path"], "write options=-csearch_path=NAME"),
    **dict.fromkeys(
        ["statement_cache_size", "prepared_statement_cache_size", "prepare_threshold"],
        "behind PgBouncer, set DB_POOLER=pgbouncer",
    ),
    **dict.fromkeys(["command_timeout", "statement_timeout"], "set DB_STATEMENT_TIMEOUT"),
    **dict.fromkeys(
        ["keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"],
        "leave it out, since DB_PING_TIMEOUT notices a silent server",
    ),
    "max_overflow": "set DB_MAX_OVERFLOW",
    "pool_timeout": "set DB_POOL_TIMEOUT",
    "server_settings": "write options=-cNAME=VALUE",
    "timeout": "write connect_timeout=",
    "unix_sock": "write the folder of the socket as host=",
}


def parse_url(text: str, *, replica: bool = False) -> URL:
    """Return the URL with this service's driver.

    Raises ValueError for a URL that is refused, without its value: that may hold a password.
    """
    several = _SEVERAL.fullmatch(text.strip())
    url = read_url(
        several[1] + several[3] if several else text, dialect=DIALECT, place="USER@HOST/NAME"
    )
    hosts = several[2] if several else url.query.get("host", url.host or "")
    ports = url.query.get("port", str(url.port or ""))
    rest = validate_parameters(url.difference_update_query(_PLACES), PARAMETERS, instead=INSTEAD)
    return _with_servers(rest, hosts, ports, replica=replica)


def settings_in(url: URL) -> dict[str, Any]:
    """Return the settings that the parameters of `url` stand for; those that are set come first.

    Raises ValueError for a value that is refused.
    """
    settings = {
        **tls_url.tls_settings(url),
        "db_application_name": url.query.get("application_name"),
        "db_connect_timeout": seconds(url, "connect_timeout"),
        "db_pooler": "pgbouncer" if url.query.get("pgbouncer") == "true" else None,
    }
    if url.query.get("channel_binding") == "require":
        # It asks for an authenticated server; a verified certificate gives that with every driver.
        if settings["db_ssl_mode"] == "disable":
            raise ValueError("has channel_binding=require with sslmode=disable: remove one of them")
        if settings["db_ssl_mode"] != "verify-ca":
            settings["db_ssl_mode"] = "verify-full"
    return settings


def driver_url(url: URL) -> URL:
    """Return `url` with only those parameters that SQLAlchemy and the driver read alike."""
    return url.difference_update_query(PARAMETERS.keys() - {"target_session_attrs"})


def startup_options(url: URL) -> str:
    """Return the startup options of each connection, as libpq's `options`."""
    options = str(url.query.get("options", ""))
    if schema := url.query.get("schema"):
        name = '"{}"'.format(str(schema).replace('"', '""'))
        options += " -csearch_path=" + re.sub(r"([\\\s])", r"\\\1", name)
    return options


def create_url(*, host: str, port: str, **parts: Any) -> URL:
    """Return the URL of its parts; `host` and `port` may list several, with commas.

    Raises ValueError if the numbers of hosts and ports differ.
    """
    return _with_servers(URL.create(DIALECT, **parts), host, port)


def servers_of(url: URL) -> list[tuple[str, int]]:
    """Return the hosts that the URL names, or the folders of their sockets, with their ports."""
    if "host" not in url.query:
        return [(url.host or "", url.port or int(PORT))]
    hosts, ports = (str(url.query[name]).split(",") for name in ("host", "port"))
    return [(host, int(port)) for host, port in zip(hosts, ports, strict=True)]


# {% if cookiecutter.driver == "asyncpg" %}
_SETTING = re.compile(r"(?:-c\s*|--)([\w.-]+)=((?:\\.|\S)*)")


def server_settings(url: URL) -> dict[str, str]:
    """Return `startup_options` as asyncpg's server settings."""
    options = startup_options(url)
    settings = {
        name.lower().replace("-", "_"): re.sub(r"\\(.)", r"\1", value)
        for name, value in _SETTING.findall(options)
    }
    # Some services route by options that are not settings.
    rest = _SETTING.sub("", options).strip()
    return settings | ({"options": rest} if rest else {})


# {% endif %}
def _with_servers(
    url: URL, hosts: str | tuple[str, ...], ports: str | tuple[str, ...], *, replica: bool = False
) -> URL:
    servers = list(_pair(_split(hosts), _split(ports)))
    [(host, port), *more] = servers
    if not more and not host.startswith("/"):
        return url.set(host=host or None, port=int(port) if port else None)
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


# {% include "parts/several_servers.py" %}
