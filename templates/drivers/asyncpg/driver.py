"""The driver, asyncpg: its arguments, its errors, its limits."""

import socket
import ssl
from operator import methodcaller
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.liveness import Liveness, silence_timeout
from app.kit.db.recovery import WrongServerError, follow_changes
from app.kit.db.settings import DatabaseSettings
from app.kit.db.tls import tls_context
from app.kit.db.url import driver_url, server_settings

READ_OPTIONS = {"isolation_level": "AUTOCOMMIT"}
SNAPSHOT_OPTIONS = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
SERIALIZABLE_OPTIONS = {"isolation_level": "SERIALIZABLE"}

# Behind PgBouncer each transaction may use another server connection, which lacks the statements
# prepared before, or has others by their names. Without asyncpg's cache none has a name; with
# SQLAlchemy's it would misread what a statement returns since a migration.
WITHOUT_CACHES = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}


is_dead = methodcaller("is_closed")


def engine_url(settings: DatabaseSettings) -> URL:
    """Return the database's URL without what `connect_args` says."""
    return driver_url(settings.sqlalchemy_url)


def connect_args(settings: DatabaseSettings) -> dict[str, Any]:
    """Return the arguments for `asyncpg.connect`: who we are, and every time limit."""
    return {
        "async_creator_fn": _connect_to_one,
        # False, or asyncpg would look for TLS settings in libpq's variables.
        "ssl": tls_context(settings) or False,
        "timeout": settings.db_connect_timeout,
        "command_timeout": silence_timeout(settings),
        "server_settings": {
            # PgBouncer refuses the limits.
            **({} if settings.db_pooler == "pgbouncer" else _limits(settings)),
            **server_settings(settings.sqlalchemy_url),
            "application_name": settings.db_application_name,
        },
        **(WITHOUT_CACHES if settings.db_pooler == "pgbouncer" else {}),
    }


def configure(engine: AsyncEngine, settings: DatabaseSettings) -> None:
    """Make `engine` report every failure as DBAPIError, and check connections it reuses."""
    follow_changes(
        engine.sync_engine,
        in_transaction=lambda connection: bool(connection.is_in_transaction()),
        is_outdated=_is_outdated,
        # The rest is done by SQLAlchemy.
        start_over=lambda connection: connection.rollback(),
    )
    event.listen(engine.sync_engine, "handle_error", _wrap_error)
    liveness = Liveness(engine, settings, is_dead=is_dead, hang_up=methodcaller("terminate"))
    liveness.watch(engine)


def in_words(error: BaseException | None, where: str) -> str:
    """Return what is wrong with the server at `where`, which gave no SQLSTATE."""
    # SQLAlchemy has wrapped it, unless it is the operating system's.
    reason = error if error is None or isinstance(error, OSError) else error.__cause__
    match reason:
        case socket.gaierror():
            said = f"The host of {where} can't be found"
        case ssl.SSLCertVerificationError():
            words = reason.verify_message.rstrip(".")
            said = f"The certificate of PostgreSQL at {where} is not trusted ({words})"
        case WrongServerError():
            said = f"Of PostgreSQL at {where}, no server is the one that is asked for now"
        case ConnectionError(errno=None):
            # asyncpg's own error; the system's errors have a number.
            said = f"PostgreSQL at {where} refuses TLS, or hangs up"
        case TimeoutError():
            said = f"PostgreSQL at {where} does not answer in time"
        case OSError():
            said = f"There is no PostgreSQL at {where}"
        case _:
            said = f"PostgreSQL at {where} can't be used ({type(reason or error).__name__})"
    return said


def _is_outdated(error: BaseException) -> bool:
    # The server's function that found it out, whatever language it speaks.
    return getattr(error.__cause__, "server_source_function", None) == "RevalidateCachedQuery"


async def _connect_to_one(**arguments: Any) -> Any:
    # Not at the top: the driver is loaded by the first connection, after the event loop.
    from app.kit.db.connection import connect  # noqa: PLC0415

    return await connect(**arguments)


def _limits(settings: DatabaseSettings) -> dict[str, str]:
    limits = {
        "idle_in_transaction_session_timeout": settings.db_idle_transaction_timeout,
        "lock_timeout": settings.db_lock_timeout,
        "statement_timeout": settings.db_statement_timeout,
    }
    in_milliseconds = {name: str(round(seconds * 1000)) for name, seconds in limits.items()}
    return {"timezone": "UTC", **in_milliseconds}


def _wrap_error(context: ExceptionContext) -> OperationalError | None:
    error = context.original_exception
    # asyncpg leaves what the operating system reports as it is: bare OSError and TimeoutError.
    if isinstance(error, OSError):
        return OperationalError(context.statement, None, error)
    return None
