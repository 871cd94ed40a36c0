"""The schema and the primary may change, and the service goes on."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.driver import READ_OPTIONS
from app.kit.db.engine import open_engine
from app.kit.db.failures import Failure, classify
from app.settings import Settings

READ = text("SELECT note FROM changing")
PID = text("SELECT pg_backend_pid()")


@pytest.fixture
async def one(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """Yield an engine with one connection, on which `READ` is prepared."""
    small = settings.model_copy(update={"db_pool_size": 1})
    async with open_engine(small) as engine:
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE changing (note varchar)"))
        async with engine.execution_options(**READ_OPTIONS).connect() as connection:
            # Some drivers wait for repetitions.
            for _ in range(8):
                await connection.execute(READ)
        yield engine
        async with engine.begin() as connection:
            await connection.execute(text("DROP TABLE changing"))


async def change(engine: AsyncEngine, to: str = "text") -> None:
    """Change the type of what `READ` returns."""
    async with engine.begin() as connection:
        await connection.execute(text(f"ALTER TABLE changing ALTER note TYPE {to}"))


async def pid_of(engine: AsyncEngine) -> int:
    """Return which connection the pool has."""
    async with engine.connect() as connection:
        pid: int = await connection.scalar(PID)
    return pid


@pytest.mark.parametrize("options", [READ_OPTIONS, {}], ids=["read", "transaction"])
async def test_what_was_prepared_before_a_change_is_prepared_again(
    engine: AsyncEngine, one: AsyncEngine, options: dict[str, str]
) -> None:
    before = await pid_of(one)
    await change(engine)
    async with one.execution_options(**options).connect() as connection:
        assert (await connection.execute(READ)).all() == []
        assert await connection.scalar(PID) == before


async def test_one_change_follows_another(engine: AsyncEngine, one: AsyncEngine) -> None:
    before = await pid_of(one)
    for options, to in [({}, "text"), (READ_OPTIONS, "varchar")] * 2:
        await change(engine, to)
        # Committed, if it is a transaction: some drivers forget what they know with a ROLLBACK.
        async with one.execution_options(**options).begin() as connection:
            for _ in range(8):
                assert (await connection.execute(READ)).all() == []
    assert await pid_of(one) == before


async def test_a_change_in_the_midst_of_a_transaction_fails_once(
    engine: AsyncEngine, one: AsyncEngine
) -> None:
    async with one.connect() as connection:
        await connection.execute(PID)
        await change(engine)
        with pytest.raises(DBAPIError) as caught:
            await connection.execute(READ)
    assert classify(caught.value) is Failure.UNAVAILABLE
    async with one.connect() as connection:
        await connection.execute(PID)
        assert (await connection.execute(READ)).all() == []


async def test_a_server_that_takes_no_writes_any_more_is_left_once(one: AsyncEngine) -> None:
    pids = [await pid_of(one)]
    for _ in range(3):
        async with one.connect() as connection:
            await connection.execute(text("SET TRANSACTION READ ONLY"))
            with pytest.raises(DBAPIError) as caught:
                await connection.execute(text("INSERT INTO changing VALUES (1)"))
        assert classify(caught.value) is Failure.UNAVAILABLE
        pids.append(await pid_of(one))
    # A pool that is renewed for each write would be a storm of connections.
    assert pids[0] not in pids[1:]
    assert len({*pids[1:]}) == 1


async def test_a_write_where_only_reads_are_allowed_is_a_mistake_of_ours(
    one: AsyncEngine,
) -> None:
    before = await pid_of(one)
    reader = one.execution_options(postgresql_readonly=True)
    with pytest.raises(DBAPIError) as caught:
        async with reader.begin() as connection:
            await connection.execute(text("INSERT INTO changing VALUES (1)"))
    assert classify(caught.value) is Failure.UNEXPECTED
    assert await pid_of(one) == before
