"""The engine is opened warm, and closed whatever happens."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from app.kit.db.engine import open_engine
from app.settings import Settings
from tests.kit.database import unreachable


def pool_of(engine: AsyncEngine) -> QueuePool:
    """Return the pool, which counts its connections."""
    assert isinstance(engine.pool, QueuePool)
    return engine.pool


@pytest.mark.parametrize(("prewarm", "open_"), [(0, 0), (3, 3), (99, 5)])
async def test_prewarm_opens_connections(settings: Settings, prewarm: int, open_: int) -> None:
    async with open_engine(settings, prewarm=prewarm) as engine:
        assert pool_of(engine).checkedin() == open_


async def test_prewarm_tells_why_it_failed(settings: Settings) -> None:
    with pytest.raises(SQLAlchemyError):
        async with open_engine(unreachable(settings), prewarm=3):
            pass


async def test_an_error_in_the_block_closes_the_engine(settings: Settings) -> None:
    async def fail(engines: list[AsyncEngine]) -> None:
        async with open_engine(settings, prewarm=2) as engine:
            engines.append(engine)
            raise RuntimeError("in the block")

    engines: list[AsyncEngine] = []
    with pytest.raises(RuntimeError, match="in the block"):
        await fail(engines)
    assert pool_of(engines[0]).checkedin() == 0


async def test_closing_waits_for_work_in_progress(settings: Settings) -> None:
    started = asyncio.Event()
    done = []

    async def work(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            started.set()
            await asyncio.sleep(0.2)
            done.append(await connection.scalar(text("SELECT 1")))

    async with open_engine(settings) as engine:
        task = asyncio.create_task(work(engine))
        await started.wait()
    assert done == [1]
    await task


async def test_closing_waits_no_longer_than_it_may(settings: Settings) -> None:
    impatient = settings.model_copy(update={"db_drain_timeout": 0.1})
    # A drain without a limit ends here, a hundred times later.
    async with asyncio.timeout(10), open_engine(impatient) as engine:
        connection = await engine.connect()
    await connection.invalidate()
    await connection.close()
