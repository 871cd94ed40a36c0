"""The lifespan of the service: its log and its database, opened before the first request."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# {% if cookiecutter._frameworks[cookiecutter.framework].base is defined %}
from starlette.concurrency import run_in_threadpool

# {% endif %}
from app.kit.db.database import Database, open_database
from app.kit.log import open_log
from app.kit.settings import ServiceSettings
# {% if cookiecutter.__telemetry %}
from app.kit.telemetry.lifespan import open_telemetry
# {% endif %}

THRESHOLDS = (50_000, 20, 50)
"""Objects in the youngest generation that start a collection (Python's default: 700 or 2,000),
and how many collections of a generation lead to one of the next."""


@asynccontextmanager
async def open_service(settings: ServiceSettings) -> AsyncIterator[Database]:
    """Open the log and the database, and close them in the end; raises what `open_engine` does."""
    # {% if cookiecutter.__telemetry %}
    async with (
        open_log(settings),
        open_telemetry(settings) as telemetry,
        open_database(settings, prewarm=settings.db_prewarm) as database,
    ):
        telemetry.observe(database)
        # {% else %}
    async with open_log(settings), open_database(settings, prewarm=settings.db_prewarm) as database:
        # {% endif %}
        # {% if cookiecutter._frameworks[cookiecutter.framework].base is defined %}
        # Loads what answers need: later there may be no file descriptor left for that.
        await run_in_threadpool(int)
        # {% endif %}
        if settings.app_tune_gc:
            tune_garbage_collection()
        yield database


def tune_garbage_collection() -> None:
    """Exempt what exists by now from garbage collection, and collect the rest less often.

    A service that has started keeps its modules, and requests leave few cycles behind: searching
    all of that again and again takes time, and shows in the slowest requests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
