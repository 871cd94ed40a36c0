"""The service's database: its engines, sessions and readiness, for as long as it runs."""

from collections.abc import AsyncIterator
# {% if cookiecutter.__networked %}
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
# {% else %}
from contextlib import aclosing, asynccontextmanager
# {% endif %}
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import configure_mappers

from app.kit.db.engine import open_engine
from app.kit.db.leaks import watch_leaks
from app.kit.db.readiness import Readiness
from app.kit.db.session import Sessions, create_sessions
from app.kit.db.settings import DatabaseSettings


@dataclass(frozen=True, slots=True)
class Database:
    """The engine that writes, the session factories, and the readiness check."""

    engine: AsyncEngine
    sessions: Sessions
    readiness: Readiness
    # {% if cookiecutter.__telemetry %}
    engines: tuple[AsyncEngine, ...] = ()
    """All of them, to be observed."""
    # {% endif %}


@asynccontextmanager
async def open_database(settings: DatabaseSettings, *, prewarm: int) -> AsyncIterator[Database]:
    # {% if cookiecutter.__networked %}
    """Yield the database with `prewarm` open connections, which are closed in the end.

    With DATABASE_READ_URL there is a second engine, with as many connections, for the sessions
    that only read. Raises what `open_engine` raises.
    """
    # Finds the models now: later there may be no file descriptor left for that.
    configure_mappers()
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(settings, prewarm=prewarm))
        engines = [engine]
        if settings.replica:
            replica = open_engine(settings.replica, prewarm=prewarm)
            engines.append(await stack.enter_async_context(replica))
        for each in engines:
            watch_leaks(each, settings.db_leak_threshold)
        readiness = Readiness(*engines, timeout=settings.db_ready_timeout)
        await stack.enter_async_context(aclosing(readiness))
        # {% if cookiecutter.__telemetry %}
        yield Database(engine, create_sessions(*engines), readiness, tuple(engines))
        # {% else %}
        yield Database(engine, create_sessions(*engines), readiness)
        # {% endif %}
    # {% else %}
    """Yield the database with `prewarm` open connections, which are closed in the end.

    Raises what `open_engine` raises.
    """
    # Finds the models now: later there may be no file descriptor left for that.
    configure_mappers()
    async with (
        open_engine(settings, prewarm=prewarm) as engine,
        aclosing(Readiness(engine, timeout=settings.db_ready_timeout)) as readiness,
    ):
        watch_leaks(engine, settings.db_leak_threshold)
        # {% if cookiecutter.__telemetry %}
        yield Database(engine, create_sessions(engine), readiness, (engine,))
        # {% else %}
        yield Database(engine, create_sessions(engine), readiness)
        # {% endif %}
    # {% endif %}
