"""Checks before the service starts."""

# {% if cookiecutter.__web %}
import socket
# {% endif %}
# {% if cookiecutter.__one_process %}
import sys
# {% endif %}
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

# {% if cookiecutter.__postgresql %}
from sqlalchemy import text
# {% endif %}
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

# {% if cookiecutter.__networked and cookiecutter.__start %}
from app.kit.commands.capacity import sum_of_connections, warn_of_capacity
# {% endif %}
from app.kit.commands.command_error import CommandError
from app.kit.db import driver
from app.kit.db.diagnosis import explain
from app.kit.db.engine import open_engine
# {% if cookiecutter.__networked and cookiecutter.__start %}
from app.kit.db.error_reports import in_words, is_timeout
# {% elif cookiecutter.__start %}
from app.kit.db.error_reports import in_words
# {% endif %}
from app.kit.db.revisions import MigrationError, MigrationState, merge_advice, migration_state
from app.kit.settings import ServiceSettings


# {% if cookiecutter.__web %}
def ensure_port_is_free(settings: ServiceSettings) -> None:
    """Raise CommandError if the address to listen on can't be had."""
    host, port = settings.app_host, settings.app_port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise CommandError(
            f"Can't listen on {host} port {port} ({error.strerror}): stop the program that "
            "does, or choose another with --port."
        ) from error
# {% if cookiecutter.__one_process %}


def ensure_one_process(settings: ServiceSettings) -> None:
    """Raise CommandError if several processes would accept connections from one socket.

    On Windows a socket belongs to the first Proactor that uses it.
    """
    if sys.platform == "win32" and settings.app_workers > 1:
        raise CommandError(
            f"APP_WORKERS is {settings.app_workers}, but asyncio.ProactorEventLoop serves with one "
            "process on Windows: set 1."
        )
# {% endif %}


# {% endif %}
# {% if cookiecutter.__jobs %}
def ensure_pool_is_large_enough(settings: ServiceSettings) -> None:
    """Raise CommandError if jobs would have to wait for each other's connections."""
    # {% if cookiecutter.__jobs and cookiecutter.__postgresql %}
    # One more, which listens.
    needed = settings.worker_concurrency + 1
    # {% else %}
    needed = settings.worker_concurrency
    # {% endif %}
    if settings.db_pool_size + settings.db_max_overflow < needed:
        raise CommandError(
            f"WORKER_CONCURRENCY={settings.worker_concurrency} needs {needed} connections, but "
            f"DB_POOL_SIZE is {settings.db_pool_size}: do fewer jobs at once, or enlarge the pool."
        )


# {% endif %}
@contextmanager
def diagnosed(settings: ServiceSettings) -> Iterator[None]:
    """Turn failures of the database, and of the migrations, into CommandErrors."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise CommandError(
            f"The package {error.name} is not installed: run `uv sync`, or `pip install -e .`."
        ) from error
    except SQLAlchemyError as error:
        raise CommandError(explain(error, settings)) from error
    except MigrationError as error:
        raise CommandError(str(error)) from error


@asynccontextmanager
async def diagnosed_engine(settings: ServiceSettings) -> AsyncIterator[AsyncEngine]:
    """Yield an engine whose failures are CommandErrors."""
    with diagnosed(settings):
        async with open_engine(settings) as engine:
            yield engine


@asynccontextmanager
async def ready_engine(settings: ServiceSettings) -> AsyncIterator[AsyncEngine]:
    """Yield an engine on a migrated database; raises CommandError if it is not ready."""
    async with AsyncExitStack() as stack:
        with diagnosed(settings):
            engine = await stack.enter_async_context(open_engine(settings))
            async with reading(engine) as connection:
                ensure_migrated(await migration_state(connection))
        yield engine


def reading(engine: AsyncEngine) -> AsyncConnection:
    """Return a connection, for `async with`, whose reads wait for nobody who writes."""
    return engine.execution_options(**driver.READ_OPTIONS).connect()


def ensure_migrated(state: MigrationState, *, strict: bool = False) -> None:
    """Raise CommandError if the database is behind the code, or, if `strict`, not where it is."""
    # Ahead of the code is where it is while a newer version is rolled out.
    if strict and (unknown := state.current - state.known):
        raise CommandError(
            f"The database is at revision {revisions(unknown)}, which no file in "
            "migrations/versions has: take newer code that has it, or bring the file back with git."
        )
    if (state.behind or strict) and len(state.wanted) > 1:
        raise CommandError(merge_advice(state.wanted))
    if state.behind:
        raise CommandError(
            f"The database is at revision {revisions(state.current)} and the code needs "
            f"{revisions(state.wanted)}: run `alembic upgrade head`."
        )


# {% if cookiecutter.__postgresql %}
async def ensure_encoding(connection: AsyncConnection) -> None:
    """Raise CommandError if the database has no encoding (SQL_ASCII)."""
    if await connection.scalar(text("SHOW server_encoding")) == "SQL_ASCII":
        raise CommandError(
            "The database has the encoding SQL_ASCII, which stores bytes and checks nothing: "
            "create one with ENCODING 'UTF8'."
        )


# {% endif %}
# {% if cookiecutter.__start %}
async def ensure_database_is_ready(settings: ServiceSettings, *, prewarm: int) -> None:
    # {% if cookiecutter.__networked %}
    """Raise CommandError if the database can't be used as it is; warn if it is too small."""
    # {% else %}
    """Raise CommandError if the database can't be used as it is."""
    # {% endif %}
    async with diagnosed_engine(settings) as engine, reading(engine) as connection:
        ensure_migrated(await migration_state(connection))
        # {% if cookiecutter.__postgresql %}
        await ensure_encoding(connection)
        # {% endif %}
        # {% if cookiecutter.__networked %}
        _, warnings = await sum_of_connections(connection, settings)
        # {% endif %}
    await _ensure_connections(settings, prewarm)
    # {% if cookiecutter.__networked %}
    if settings.replica:
        # Its revision is the primary's, a moment later.
        async with diagnosed_engine(settings.replica) as engine, reading(engine) as connection:
            warnings += (await sum_of_connections(connection, settings.replica))[1]
        await _ensure_connections(settings.replica, prewarm)
    warn_of_capacity(warnings)
    # {% endif %}


async def _ensure_connections(settings: ServiceSettings, prewarm: int) -> None:
    # Here it is one sentence; later each worker would print a traceback.
    number = settings.app_workers * min(prewarm, settings.db_pool_size)
    of_all_workers = settings.model_copy(update={"db_pool_size": max(number, 1)})
    try:
        async with open_engine(of_all_workers, prewarm=number):
            pass
    except SQLAlchemyError as error:
        lower = f"lower DB_PREWARM ({settings.db_prewarm}) or APP_WORKERS ({settings.app_workers})"
        # {% if cookiecutter.__networked %}
        if is_timeout(error):
            raise CommandError(
                f"The {number} connections that a start takes at once were not open in time: raise "
                f"DB_CONNECT_TIMEOUT ({settings.db_connect_timeout:g}), or {lower}."
            ) from error
        # {% endif %}
        raise CommandError(
            f"The database does not grant the {number} connections that a start takes "
            f"({in_words(error)}): {lower}, or raise the limits of the server and of the user."
        ) from error


# {% endif %}
def revisions(names: frozenset[str]) -> str:
    """Return `names` for a person."""
    return ", ".join(sorted(names)) or "none"
