"""The lifespan of telemetry: begun in each process that serves or works, ended in bounded time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from threading import Thread
from time import monotonic

from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider

from app.kit.db.database import Database
from app.kit.settings import ServiceSettings
from app.kit.telemetry.log_records import with_trace_ids
from app.kit.telemetry.pool import measure_pool
from app.kit.telemetry.sql import trace_statements

logger = logging.getLogger(__name__)

PATIENCE = 2.0
"""Seconds that the end of a process waits for the last export."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What is measured while the service runs."""

    is_on: bool

    def observe(self, database: Database) -> None:
        """Trace the statements of `database`, and measure its pools."""
        for engine in database.engines if self.is_on else ():
            trace_statements(engine.sync_engine)
            measure_pool(engine)


def is_on(settings: ServiceSettings) -> bool:
    """Return whether anything is exported: by us, or by whoever started this process."""
    return bool(settings.trace_exporters or settings.metric_exporters) or not _is_free()


@asynccontextmanager
async def open_telemetry(settings: ServiceSettings) -> AsyncIterator[Telemetry]:
    """Export traces and metrics while the block runs, as the settings say, or nothing.

    After a fork or a spawn, and not before: threads export, and a new process has none of them.
    """
    if not is_on(settings):
        yield Telemetry(is_on=False)
        return
    closers: list[Callable[[], object]] = []
    # Another SDK may be there: of `opentelemetry-instrument`, or of a test.
    if _is_free():
        # Here, since only those who export need what it loads.
        from app.kit.telemetry import sdk  # noqa: PLC0415

        closers = sdk.start(settings)
    try:
        with with_trace_ids():
            yield Telemetry(is_on=True)
    finally:
        await _close(closers)


def _is_free() -> bool:
    return isinstance(get_tracer_provider(), ProxyTracerProvider)


async def _close(closers: list[Callable[[], object]]) -> None:
    # On threads of our own, which the end of the process does not wait for.
    threads = [Thread(target=close, name="telemetry", daemon=True) for close in closers]
    for thread in threads:
        thread.start()
    deadline = monotonic() + PATIENCE
    while any(map(Thread.is_alive, threads)) and monotonic() < deadline:  # noqa: ASYNC110  a thread has no event to wait for
        await asyncio.sleep(0.01)
    if any(map(Thread.is_alive, threads)):
        logger.warning("The last traces and metrics were not exported within %g s", PATIENCE)
