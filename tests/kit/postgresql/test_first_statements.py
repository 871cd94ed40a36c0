"""A transaction may fail with its first statement, in any way: the next one does not notice."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.engine import open_engine
from app.kit.db.failures import Failure, classify
from app.settings import Settings

ADD = text("INSERT INTO first VALUES (:number)")
PID = text("SELECT pg_backend_pid() + :nothing")
REPETITIONS = 8
"""More than after which a driver prepares a statement (psycopg: 5)."""
FAILING = {
    "by its values": ("SELECT 1 / CAST(:number AS int)", 0),
    "in the driver": ("SELECT CAST(:number AS int)", object()),
    "when it is parsed": ("SELECT nothing FROM nowhere WHERE CAST(:number AS int) = 1", 1),
    "because of the table": ("INSERT INTO first VALUES (:number)", 1),
}


@pytest.fixture
async def one(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """Yield an engine with one connection, and a table `first` with the number 1."""
    small = settings.model_copy(update={"db_pool_size": 1})
    async with open_engine(small) as engine:
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE first (number int PRIMARY KEY)"))
            await connection.execute(ADD, {"number": 1})
        yield engine
        async with engine.begin() as connection:
            await connection.execute(text("DROP TABLE first"))


async def pid_of(engine: AsyncEngine) -> int:
    """Return which connection the pool has, asked in a transaction of its own."""
    async with engine.begin() as connection:
        pid: int = await connection.scalar(PID, {"nothing": 0})
    return pid


async def numbers(engine: AsyncEngine) -> list[int]:
    """Return what was committed."""
    async with engine.connect() as connection:
        return list(await connection.scalars(text("SELECT number FROM first ORDER BY number")))


@pytest.mark.parametrize("how", FAILING)
async def test_a_transaction_that_fails_with_its_first_statement_is_over(
    one: AsyncEngine, how: str
) -> None:
    statement, number = FAILING[how]
    before = await pid_of(one)
    for step in range(REPETITIONS):
        with pytest.raises(DBAPIError):
            async with one.begin() as connection:
                await connection.execute(text(statement), {"number": number})
        async with one.begin() as connection:
            await connection.execute(ADD, {"number": 2 + step})
    assert await pid_of(one) == before
    assert await numbers(one) == list(range(1, 2 + REPETITIONS))


async def test_what_follows_a_first_statement_is_in_its_transaction(one: AsyncEngine) -> None:
    for step in range(REPETITIONS):
        async with one.connect() as connection:
            await connection.execute(ADD, {"number": 2})
            await connection.execute(ADD, {"number": 3})
            await connection.rollback()
            await connection.execute(ADD, {"number": 10 + step})
            await connection.commit()
            await connection.execute(ADD, {"number": 4})
    assert await numbers(one) == [1, *range(10, 10 + REPETITIONS)]


async def test_a_first_statement_that_is_cancelled_leaves_nothing(one: AsyncEngine) -> None:
    sleep = text("SELECT pg_sleep(CAST(:seconds AS float))")
    for _ in range(REPETITIONS):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), one.begin() as connection:
                await connection.execute(sleep, {"seconds": 60})
        async with asyncio.timeout(20):
            assert await numbers(one) == [1]


async def test_a_connection_that_is_lost_in_a_first_statement_is_replaced(
    one: AsyncEngine,
) -> None:
    end = text("SELECT pg_terminate_backend(CAST(:pid AS int))")
    for _ in range(3):
        before = await pid_of(one)
        with pytest.raises(DBAPIError) as caught:
            async with one.begin() as connection:
                await connection.execute(end, {"pid": before})
        assert classify(caught.value) is Failure.UNAVAILABLE
        assert await pid_of(one) != before
# {% if cookiecutter.driver == "psycopg" %}


async def test_a_text_may_be_several_statements(one: AsyncEngine) -> None:
    async with one.begin() as connection:
        await connection.execute(text("INSERT INTO first VALUES (2); INSERT INTO first VALUES (3)"))
    assert await numbers(one) == [1, 2, 3]
# {% endif %}
