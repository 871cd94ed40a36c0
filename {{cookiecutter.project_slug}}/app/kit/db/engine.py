"""The engine's life cycle: created, warmed, drained and disposed here, and nowhere else."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop, loop_name

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from app.kit.db import driver
from app.kit.db.error_reports import redact_errors
from app.kit.db.outages import outages
# {% if cookiecutter.__networked %}
from app.kit.db.password import renew_password
# {% endif %}
from app.kit.db.pool import ReclaimingPool, reclaim_after_lock_error
from app.kit.db.read_only import refuse_writes
from app.kit.db.settings import DatabaseSettings
from app.kit.db.sql_log import log_sql_of

logger = logging.getLogger(__name__)


def create_engine(settings: DatabaseSettings) -> AsyncEngine:
    """Return an engine that has not connected yet; `open_engine` is what you want."""
    engine = create_async_engine(
        driver.engine_url(settings),
        connect_args=driver.connect_args(settings),
        # {% if cookiecutter.__jobs and cookiecutter.__postgresql %}
        execution_options={"notifies": settings.db_notify},
        # {% endif %}
        hide_parameters=True,
        max_overflow=settings.db_max_overflow,
        pool_recycle=settings.db_pool_recycle,
        pool_size=settings.db_pool_size,
        pool_timeout=settings.db_pool_timeout,
        pool_use_lifo=True,
        poolclass=ReclaimingPool,
    )
    # First: those who execute a statement themselves (app/kit/db/recovery.py) end its event.
    refuse_writes(engine.sync_engine)
    log_sql_of(engine.sync_engine, settings)
    driver.configure(engine, settings)
    # {% if cookiecutter.__networked %}
    renew_password(engine.sync_engine, settings)
    # {% endif %}
    event.listen(engine.sync_engine, "handle_error", _note_refusal)
    event.listen(engine.sync_engine, "handle_error", reclaim_after_lock_error)
    redact_errors(engine.sync_engine)
    return engine


def _note_refusal(context: ExceptionContext) -> None:
    # A refused connection is a lost database, whatever its code: some drivers hide the code, and
    # on a statement the same code can be a mistake of ours.
    if context.connection is None:
        context.is_disconnect = True


@asynccontextmanager
async def open_engine(
    settings: DatabaseSettings, *, prewarm: int = 0
) -> AsyncIterator[AsyncEngine]:
    """Yield an engine with `prewarm` open connections, and dispose it in the end.

    Raises RuntimeError on an event loop that the project did not choose, and
    sqlalchemy.exc.DBAPIError if the connections can't be had.
    """
    # Here too: scripts, notebooks and consoles have no lifespan.
    ensure_compatible_loop()
    engine = create_engine(settings)
    logger.info("%s runs on %s", engine.url.drivername, loop_name(type(asyncio.get_running_loop())))
    try:
        await _prewarm(engine, min(prewarm, settings.db_pool_size))
        yield engine
    finally:
        # Connections in use are not closed by dispose(): give them time to come back.
        await _drain(engine, settings.db_drain_timeout)
        outages.close()
        await asyncio.shield(engine.dispose())


async def _prewarm(engine: AsyncEngine, connections: int) -> None:
    # All are held until the last one is open: one after another, the pool would hand out
    # the same connection each time.
    missing = connections
    all_open = asyncio.Event()

    async def hold_one() -> None:
        nonlocal missing
        async with engine.connect():
            missing -= 1
            if not missing:
                all_open.set()
            await all_open.wait()

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(connections):
                tasks.create_task(hold_one())
    except ExceptionGroup as errors:
        # All fail for the same reason: the first error is enough.
        raise errors.exceptions[0] from None


async def _drain(engine: AsyncEngine, timeout: float) -> None:  # noqa: ASYNC109  polls the pool
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    pool = engine.pool
    while isinstance(pool, QueuePool) and pool.checkedout() and loop.time() < deadline:  # noqa: ASYNC110  a pool has no event to wait for
        await asyncio.sleep(0.02)
