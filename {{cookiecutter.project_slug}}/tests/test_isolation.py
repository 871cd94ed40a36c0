"""What the fixtures promise: no test sees the rows of another one."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.session import Sessions, create_sessions

# In a table that every project has.
ADD = text("INSERT INTO alembic_version VALUES ('test')")
COUNT = text("SELECT count(*) FROM alembic_version WHERE version_num = 'test'")


@pytest.mark.parametrize("_turn", [1, 2])
async def test_a_commit_in_a_test_is_undone(
    sessions: Sessions, engine: AsyncEngine, _turn: int
) -> None:
    async with sessions.write.begin() as session:
        await session.execute(ADD)
    async with sessions.read() as session:
        assert await session.scalar(COUNT) == 1
    async with create_sessions(engine).read() as session:
        assert await session.scalar(COUNT) == 0
