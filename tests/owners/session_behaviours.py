"""What an owner relies on: sessions behave in tests as in production.

Copied into a project, and run with its fixtures: `committing_sessions` are production's own,
`sessions` share a connection, whose transaction is undone. What differs stands at the end, and
in the project's docs/sessions.md.
"""

# ruff: noqa: FBT001  (`shares` is a fixture; a project sorts its own imports)

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import Sequence, delete, func, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.model import Company
from app.companies.queries import create_company
from app.kit.db import driver
from app.kit.db.base import Base
from app.kit.db.read_only import ReadOnlyError
from app.kit.db.retries import retry
from app.kit.db.session import Sessions
from app.kit.db.settings import DIALECT
from app.kit.db.types import utc_now

DATABASE = DIALECT.partition("+")[0].replace("mariadb", "mysql")
ROW = {"name": "Late", "industry": "Any", "created_at": utc_now(), "updated_at": utc_now()}
INSERT = "INSERT INTO companies (name, industry) VALUES ('Late', 'Any')"
COUNT = select(func.count()).select_from(Company)


@pytest.fixture(params=["sessions", "committing_sessions"])
def kind_of_sessions(request: pytest.FixtureRequest) -> Sessions:
    """Return the sessions of tests, and those of production."""
    sessions: Sessions = request.getfixturevalue(request.param)
    return sessions


@pytest.fixture
async def any_sessions(kind_of_sessions: Sessions) -> Sessions:
    """Return the same, once they know one company."""
    async with kind_of_sessions.write.begin() as session:
        await create_company(session, name="Acme", industry="Anvils")
    return kind_of_sessions


@pytest.fixture(params=["read", "snapshot"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def names(sessions: Sessions) -> set[str]:
    async with sessions.read() as session:
        return {*await session.scalars(select(Company.name))}


async def flush(session: AsyncSession) -> None:
    session.add(Company(**ROW))
    await session.flush()


async def change(session: AsyncSession) -> None:
    (await session.scalars(select(Company))).one().industry = "Other"
    await session.commit()


async def merge(session: AsyncSession) -> None:
    await session.merge(Company(**ROW))
    await session.commit()


async def connection_text(session: AsyncSession) -> None:
    await (await session.connection()).execute(text(INSERT))


async def driver_sql(session: AsyncSession) -> None:
    await (await session.connection()).exec_driver_sql(INSERT)


async def through_a_cte(session: AsyncSession) -> None:
    removed = delete(Company).returning(Company.id).cte("removed")
    await session.execute(select(removed.c.id))


async def drop(session: AsyncSession) -> None:
    await (await session.connection()).run_sync(Base.metadata.drop_all)


WRITES: list[Callable[[AsyncSession], Awaitable[object]]] = [
    flush,
    change,
    merge,
    connection_text,
    driver_sql,
    drop,
    lambda it: it.run_sync(lambda sync: sync.bulk_insert_mappings(inspect(Company), [ROW])),
    lambda it: it.run_sync(lambda sync: sync.bulk_save_objects([Company(**ROW)])),
    lambda it: it.execute(insert(Company).values(ROW)),
    lambda it: it.execute(insert(Company), [ROW, {**ROW, "name": "Later"}]),
    lambda it: it.scalars(insert(Company).returning(Company), [ROW]),
    lambda it: it.execute(update(Company).values(name="Late")),
    lambda it: it.execute(delete(Company)),
    lambda it: it.execute(text(INSERT)),
    lambda it: it.execute(text(f"/* SELECT */ {INSERT}")),
    lambda it: it.execute(text("-- SELECT\nDELETE FROM companies")),
    lambda it: it.execute(text("WITH one AS (SELECT 1) DELETE FROM companies")),
    lambda it: it.execute(text("SELECT 1; DELETE FROM companies")),
    lambda it: it.execute(text("SELECT 1 AS one INTO late")),
    lambda it: it.execute(text("EXPLAIN ANALYZE DELETE FROM companies")),
    lambda it: it.execute(text("DROP TABLE companies")),
    lambda it: it.execute(text("SET foreign_key_checks = 0")),
    lambda it: it.execute(text("PRAGMA query_only = 0")),
    lambda it: it.execute(select(Company).from_statement(text(f"{INSERT} RETURNING *"))),
]
if DATABASE != "sqlite":
    WRITES.append(lambda it: it.execute(select(Company).with_for_update()))
if DATABASE == "postgresql":
    WRITES.append(through_a_cte)
    WRITES.append(lambda it: it.scalar(select(Sequence("numbers").next_value())))
READS = {
    "postgresql": ["SHOW timezone", "TABLE companies", "EXPLAIN (ANALYZE) SELECT 1", "VALUES (1)"],
    "mysql": ["SHOW TABLES", "DESCRIBE companies", "EXPLAIN SELECT 1"],
    "sqlite": ["PRAGMA foreign_keys", "PRAGMA table_info(companies)", "EXPLAIN SELECT 1"],
}


@pytest.mark.parametrize("write", WRITES)
async def test_every_write_is_refused(any_sessions: Sessions, kind: str, write: Any) -> None:
    async with getattr(any_sessions, kind)() as session:
        with pytest.raises(ReadOnlyError, match=r"use `Sessions.write`\.(?m:$)"):
            await write(session)
        await session.rollback()
        assert await session.scalar(COUNT) == 1
    assert await names(any_sessions) == {"Acme"}


async def test_every_read_is_allowed(any_sessions: Sessions, kind: str) -> None:
    async with getattr(any_sessions, kind)() as session:
        texts = ["SELECT id, 'delete' FROM companies", "WITH a AS (SELECT 1) SELECT * FROM a"]
        for sql in [*texts, *READS[DATABASE], "-- INSERT INTO\n SELECT 1 /* ; */"]:
            assert (await session.execute(text(sql))).all()
        by_text = select(Company).from_statement(text("SELECT * FROM companies"))
        [company] = await session.scalars(by_text)
        assert await session.get(Company, company.id) is company
        await session.refresh(company)
        connection = await session.connection()
        tables = await connection.run_sync(lambda it: inspect(it).get_columns("companies"))
        assert "industry" in {column["name"] for column in tables}
        # What was read may be changed, and is not written.
        session.expunge(company)
        company.name = "Other"
        await session.commit()
    assert await names(any_sessions) == {"Acme"}


async def savepoint(session: AsyncSession) -> None:
    async with session.begin_nested():
        await session.scalar(COUNT)


NEED_A_TRANSACTION: list[Callable[[AsyncSession], Awaitable[Any]]] = [
    savepoint,
    lambda it: it.stream(select(Company)),
    lambda it: it.stream_scalars(text("SELECT name FROM companies")),
    lambda it: it.scalars(select(Company).execution_options(yield_per=10)),
    lambda it: it.scalars(select(Company), execution_options={"stream_results": True}),
]


@pytest.mark.parametrize("use", NEED_A_TRANSACTION)
async def test_a_read_has_no_transaction(any_sessions: Sessions, use: Any) -> None:
    async with any_sessions.read() as session:
        with pytest.raises(ReadOnlyError, match=r"use `Sessions.snapshot`\.(?m:$)"):
            await use(session)
        assert await session.scalar(COUNT) == 1


async def test_a_snapshot_has_one(any_sessions: Sessions) -> None:
    async with any_sessions.snapshot() as session:
        await savepoint(session)
        rows = await session.stream_scalars(select(Company.name))
        assert [name async for name in rows] == ["Acme"]
        assert await session.scalar(COUNT) == 1


async def test_a_read_that_failed_is_not_the_last(any_sessions: Sessions, kind: str) -> None:
    async with getattr(any_sessions, kind)() as session:
        with pytest.raises(DBAPIError):
            await session.execute(text("SELECT nothing FROM companies"))
        if kind == "snapshot":
            await session.rollback()
        assert await session.scalar(COUNT) == 1
    assert await names(any_sessions) == {"Acme"}


async def test_a_read_sees_what_was_committed_meanwhile(any_sessions: Sessions) -> None:
    async with any_sessions.read() as reader, any_sessions.read() as other:
        assert await reader.scalar(COUNT) == await other.scalar(COUNT) == 1
        async with any_sessions.write.begin() as session:
            await create_company(session, name="Late", industry="Any")
        assert await reader.scalar(COUNT) == await other.scalar(COUNT) == 2
        await reader.rollback()
        assert await other.scalar(COUNT) == 2
    # It neither undoes what was committed while it was open, nor keeps what was not.
    assert await names(any_sessions) == {"Acme", "Late"}


async def test_a_block_that_fails_is_undone(any_sessions: Sessions) -> None:
    async def fail() -> None:
        async with any_sessions.write.begin() as session:
            await create_company(session, name="Late", industry="Any")
            raise RuntimeError("in the block")

    with pytest.raises(RuntimeError, match="in the block"):
        await fail()
    async with any_sessions.write() as session:
        session.add_all([Company(name=name, industry="Any") for name in ("Late", "Acme")])
        with pytest.raises(IntegrityError):
            await session.commit()
        await session.rollback()
        await create_company(session, name="Last", industry="Any")
        await session.commit()
        await create_company(session, name="Forgotten", industry="Any")
    assert await names(any_sessions) == {"Acme", "Last"}


async def count_and_add(session: AsyncSession) -> int:
    await session.connection(execution_options=driver.SERIALIZABLE_OPTIONS)
    await create_company(session, name="Late", industry="Any")
    return await session.scalar(COUNT) or 0


async def test_a_unit_of_work_is_retried(any_sessions: Sessions) -> None:
    assert await retry(any_sessions.write, count_and_add) == 2
    assert await names(any_sessions) == {"Acme", "Late"}


# What differs.


@pytest.fixture
def shares(request: pytest.FixtureRequest) -> bool:
    """Return whether the test has the sessions that share a connection."""
    return bool(request.node.callspec.params["kind_of_sessions"] == "sessions")


async def test_a_snapshot_is_of_one_moment(any_sessions: Sessions, shares: bool) -> None:
    async with any_sessions.snapshot() as reader:
        assert await reader.scalar(COUNT) == 1
        async with any_sessions.write.begin() as session:
            await create_company(session, name="Late", industry="Any")
        assert await reader.scalar(COUNT) == (2 if shares else 1)


async def test_what_is_not_committed_is_not_seen(any_sessions: Sessions, shares: bool) -> None:
    async with any_sessions.write() as session:
        await create_company(session, name="Late", industry="Any")
        assert ("Late" in await names(any_sessions)) == shares


if DATABASE == "postgresql":

    async def test_time_goes_on(any_sessions: Sessions, shares: bool) -> None:
        moments = set()
        for _ in range(2):
            async with any_sessions.write() as session:
                moments.add(await session.scalar(select(func.now())))
        assert len(moments) == (1 if shares else 2)


if DATABASE != "sqlite":

    async def test_a_unit_has_its_isolation(any_sessions: Sessions, shares: bool) -> None:
        ask = {
            "postgresql": "SHOW transaction_isolation",
            "mysql": "SELECT trx_isolation_level FROM information_schema.innodb_trx"
            " WHERE trx_mysql_thread_id = connection_id()",
        }
        levels = []
        for options in (driver.SERIALIZABLE_OPTIONS, {}):
            async with any_sessions.write() as session:
                await session.connection(execution_options=options)
                await session.execute(delete(Company))
                # InnoDB renews what it tells of transactions every 0.1 s.
                await asyncio.sleep(0.2)
                levels.append(str(await session.scalar(text(ask[DATABASE]))).upper())
        assert levels == [levels[1] if shares else "SERIALIZABLE", "READ COMMITTED"]


async def test_a_snapshot_that_failed_is_over(any_sessions: Sessions, shares: bool) -> None:
    async with any_sessions.snapshot() as session:
        ends = DATABASE == "postgresql" and not shares
        with pytest.raises(DBAPIError):
            await session.execute(text("SELECT nothing FROM companies"))
        if ends:
            with pytest.raises(DBAPIError, match="aborted"):
                await session.scalar(COUNT)
        else:
            assert await session.scalar(COUNT) == 1


async def test_tasks_read_at_once(any_sessions: Sessions, kind: str) -> None:
    async def count() -> int:
        async with getattr(any_sessions, kind)() as session:
            return int(await session.scalar(COUNT))

    async with any_sessions.write() as session:
        others = [session.scalar(COUNT), session.scalar(COUNT)]
        assert await asyncio.gather(count(), *others, count(), count()) == [1] * 5


async def test_two_may_write_at_once(any_sessions: Sessions, shares: bool) -> None:
    async def write(name: str) -> None:
        async with any_sessions.write.begin() as session:
            await create_company(session, name=name, industry="Any")

    done = await asyncio.gather(write("One"), write("Two"), return_exceptions=True)
    failed = [it for it in done if it]
    assert bool(failed) == shares
