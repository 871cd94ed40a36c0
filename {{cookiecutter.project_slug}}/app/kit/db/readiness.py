"""The readiness check: whether the database answers."""

import asyncio

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db import driver
from app.kit.db.outages import outages
# {% if cookiecutter.__database == "mysql" %}
from app.kit.db.recovery import READY
# {% endif %}


class Readiness:
    """Asks the database with one query at a time, which overlapping probes share."""

    def __init__(self, *engines: AsyncEngine, timeout: float) -> None:
        """Ask through all `engines`, and wait for the answers `timeout` seconds."""
        self._engines = [engine.execution_options(**driver.READ_OPTIONS) for engine in engines]
        self._timeout = timeout
        self._query: asyncio.Task[bool] | None = None

    async def check(self) -> bool:
        """Return whether the database answered in time."""
        # A local variable: when this wait ends, another caller may have replaced `self._query`.
        query = self._query
        if query is None or query.done():
            query = self._query = asyncio.create_task(self._ask())
        # A query that takes longer is not cancelled, which could take longer still: it
        # ends by the driver's own timeouts, and the next caller waits for the same one.
        await asyncio.wait({query}, timeout=self._timeout)
        if not query.done():
            sentence = f"The database is not ready: no answer in {self._timeout} s"
            outages.log_sentence(f"{sentence} (DB_READY_TIMEOUT)", kind=Readiness)
        return query.done() and query.result()

    async def aclose(self) -> None:
        """Give up a query that still runs."""
        if self._query and self._query.cancel():
            await asyncio.wait({self._query})

    async def _ask(self) -> bool:
        return all(await asyncio.gather(*map(_answers, self._engines)))


async def _answers(engine: AsyncEngine) -> bool:
    try:
        async with engine.connect() as connection:
            # {% if cookiecutter.__database == "mysql" %}
            await connection.execute(text(READY))
            # {% else %}
            await connection.execute(text("SELECT 1"))
            # {% endif %}
    except (DBAPIError, PoolTimeoutError) as error:
        outages.log("The database is not ready", error)
        return False
    return True
