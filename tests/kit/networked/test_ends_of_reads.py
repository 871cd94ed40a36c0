"""A read that ends waits for nothing, and so no cancellation can come between."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from app.kit.db.session import ReadSession, create_sessions


def checked_out(engine: AsyncEngine) -> int:
    """Return how many connections are in use."""
    assert isinstance(engine.pool, QueuePool)
    return engine.pool.checkedout()


async def begun(engine: AsyncEngine) -> ReadSession:
    """Return a session that has read, and so holds a connection."""
    session = create_sessions(engine).read()
    await session.scalar(text("SELECT 1"))
    return session


async def test_a_read_ends_at_once(engine: AsyncEngine) -> None:
    before = checked_out(engine)
    end = (await begun(engine)).__aexit__(None, None, None)
    # What waits for something would return it here.
    with pytest.raises(StopIteration):
        end.send(None)
    assert checked_out(engine) == before


async def test_a_read_that_another_task_uses_ends_after_it(engine: AsyncEngine) -> None:
    before, session = checked_out(engine), await begun(engine)
    async with session.lock:
        ending = asyncio.create_task(session.__aexit__(None, None, None))
        await asyncio.sleep(0)
        ending.cancel()
        await asyncio.sleep(0)
        assert checked_out(engine) == before + 1
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert checked_out(engine) == before
