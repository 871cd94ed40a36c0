"""Arguments for libpq: who we are, every time limit, and how to secure the connection."""

import math
import ssl
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection

from app.kit.db.recovery import follow_changes
from app.kit.db.settings import DatabaseSettings
from app.kit.db.tls import tls_mode
from app.kit.db.tls_url import certificate
from app.kit.db.url import driver_url, startup_options


def libpq_url(settings: DatabaseSettings) -> URL:
    """Return the database's URL without what `libpq_args` says."""
    return driver_url(settings.sqlalchemy_url)


def libpq_args(settings: DatabaseSettings) -> dict[str, Any]:
    """Return the arguments for `psycopg.connect`: who we are, and every time limit."""
    return {
        **_tls(settings),
        "application_name": settings.db_application_name,
        # Otherwise it is the database's encoding.
        "client_encoding": "utf8",
        # Whole seconds, and psycopg itself waits two at least.
        "connect_timeout": math.ceil(settings.db_connect_timeout),
        # The server ends a long statement; these are for a server that went silent. The
        # first three notice it at rest, the last one while a query is on its way.
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        "options": _options(settings),
        # Behind PgBouncer each transaction may come to another connection of the server, which
        # knows nothing of the statements prepared before.
        **({"prepare_threshold": None} if settings.db_pooler == "pgbouncer" else {}),
    }


def follow(engine: Engine) -> None:
    """Let `engine` recover from changes of the schema and of the primary."""
    follow_changes(
        engine,
        in_transaction=lambda connection: bool(connection.pgconn.transaction_status),
        is_outdated=_is_outdated,
        start_over=_start_over,
    )


def _is_outdated(error: BaseException) -> bool:
    # The server's function that found it out, whatever language it speaks.
    diagnosis = getattr(error, "diag", None)
    return getattr(diagnosis, "source_function", None) == "RevalidateCachedQuery"


def _start_over(connection: DBAPIConnection) -> None:
    # psycopg forgets what it prepared, and lets the server forget it, whenever it rolls back a
    # transaction. From a DEALLOCATE ALL of ours it learns only sometimes.
    if connection.autocommit:
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        cursor.close()
    connection.rollback()


def _options(settings: DatabaseSettings) -> str:
    # The server takes the last of two options with one name: the URL's come last.
    asked = startup_options(settings.sqlalchemy_url)
    if settings.db_pooler == "pgbouncer":
        # It refuses the limits.
        return asked
    limits = {
        "idle_in_transaction_session_timeout": settings.db_idle_transaction_timeout,
        "lock_timeout": settings.db_lock_timeout,
        "statement_timeout": settings.db_statement_timeout,
    }
    in_milliseconds = {name: round(seconds * 1000) for name, seconds in limits.items()}
    ours = [f"-c {name}={value}" for name, value in {"timezone": "UTC", **in_milliseconds}.items()]
    return " ".join([*ours, asked])


def _tls(settings: DatabaseSettings) -> dict[str, str]:
    mode = tls_mode(settings)
    arguments: dict[str, str] = {
        "sslmode": mode,
        # Kerberos would come before TLS, and does not check what `verify-full` promises.
        "gssencmode": "disable",
    }
    if mode.startswith("verify"):
        arguments["sslrootcert"] = str(settings.db_ssl_root_cert or _system_authorities())
    return arguments | certificate(settings.sqlalchemy_url)


def _system_authorities() -> str:
    # Not simply "system": psycopg's wheels bring an OpenSSL with a folder of its own, which
    # is empty. Python knows the system's file; Debian has one only beside the certificates.
    paths = ssl.get_default_verify_paths()
    bundle = Path(paths.cafile or f"{paths.capath}/ca-certificates.crt")
    return str(bundle) if bundle.is_file() else "system"
