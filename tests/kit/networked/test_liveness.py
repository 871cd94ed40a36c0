"""A server that says nothing is not waited for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

from app.kit.db import driver
from app.kit.db.engine import open_engine
from app.kit.db.pool import ReclaimingPool
from app.settings import Settings

PING_TIMEOUT = 1


class Line:
    """A way to the database's server, on which its answers may be lost."""

    def __init__(self, settings: Settings) -> None:
        """Lead to the server of `settings`."""
        self._url = settings.sqlalchemy_url
        self._open: set[asyncio.StreamWriter] = set()
        self._lost: set[asyncio.StreamWriter] = set()

    def lose_answers(self) -> None:
        """Let nothing through that the server says on the connections that are open now."""
        self._lost |= self._open

    def hang_up(self) -> None:
        """End all connections."""
        for writer in self._open:
            writer.transport.abort()

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a client with the server."""
        there = await asyncio.open_connection(self._url.host, self._url.port)
        self._open |= {writer, there[1]}
        await asyncio.gather(self._copy(reader, there[1]), self._copy(there[0], writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while content := await reader.read(65536):
                if writer not in self._lost:
                    writer.write(content)
        writer.close()


@pytest.fixture
async def line(settings: Settings) -> AsyncIterator[tuple[Line, Settings]]:
    """Yield a line to the database, and settings that lead through it."""
    line = Line(settings)
    server = await asyncio.start_server(line.forward, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = settings.sqlalchemy_url.set(host="127.0.0.1", port=port)
    yield (
        line,
        Settings(
            database_url=url.render_as_string(hide_password=False),
            db_liveness_check="ping",
            db_ping_timeout=PING_TIMEOUT,
        ),
    )
    server.close()
    line.hang_up()


async def driver_connection(engine: AsyncEngine) -> Any:
    """Return the driver's connection that the pool gives out."""
    async with engine.connect() as connection:
        return (await connection.get_raw_connection()).driver_connection


async def test_a_connection_that_went_silent_at_rest_is_replaced(
    line: tuple[Line, Settings],
) -> None:
    way, settings = line
    async with open_engine(settings, prewarm=1) as engine:
        before = await driver_connection(engine)
        assert await driver_connection(engine) is before
        way.lose_answers()
        # Long before a statement would be given up.
        async with asyncio.timeout(settings.db_statement_timeout):
            assert await driver_connection(engine) is not before


async def test_closing_does_not_wait_for_each_connection(line: tuple[Line, Settings]) -> None:
    way, settings = line
    begun = 0.0
    async with open_engine(settings, prewarm=10):
        way.lose_answers()
        begun = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - begun < 10 * PING_TIMEOUT


@pytest.fixture
async def reclaiming(
    line: tuple[Line, Settings],
) -> AsyncIterator[tuple[Line, AsyncEngine, ReclaimingPool]]:
    """Yield a line, and an engine on it with its pool."""
    way, settings = line
    async with open_engine(settings, prewarm=1) as engine:
        assert isinstance(engine.pool, ReclaimingPool)
        yield way, engine, engine.pool


async def test_a_lost_connection_is_not_reclaimed_while_it_is_replaced(
    reclaiming: tuple[Line, AsyncEngine, ReclaimingPool],
) -> None:
    """The pool waits for its end, and another request may reclaim meanwhile."""
    way, engine, pool = reclaiming
    event.listen(engine.sync_engine, "invalidate", lambda *_: pool._reclaim())  # noqa: SLF001  as its timer does
    before = await driver_connection(engine)
    way.hang_up()
    await asyncio.sleep(0.1)
    assert await driver_connection(engine) is not before
    assert pool.checkedout() == 0


async def test_a_lost_connection_is_not_reclaimed_while_it_is_given_back(
    reclaiming: tuple[Line, AsyncEngine, ReclaimingPool],
) -> None:
    """Its rollback waits, too: what fails there must not end the next one's connection."""
    way, engine, pool = reclaiming
    next_one: list[PoolProxiedConnection] = []

    @event.listens_for(engine.sync_engine, "reset")
    def reclaim_and_take(*_arguments: object) -> None:
        if not next_one:
            pool._reclaim()  # noqa: SLF001  as its timer does
            next_one.append(pool.connect())

    connection = await engine.raw_connection()
    await greenlet_spawn(lambda: connection.cursor().execute("SELECT 1"))
    way.hang_up()
    await asyncio.sleep(0.1)
    await greenlet_spawn(connection.close)
    assert next_one[0].is_valid
    assert not driver.is_dead(next_one[0].driver_connection)
    await greenlet_spawn(next_one[0].close)
    assert pool.checkedout() == 0
