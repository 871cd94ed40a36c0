"""What only MySQL, MariaDB and their drivers can get wrong."""

import asyncio

import pytest
from alembic import op
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.companies.model import Company
from app.companies.queries import create_company
from app.kit.db.engine import open_engine
from app.kit.db.failures import Failure, classify
from app.kit.db.migration_guard import for_migrations
from app.kit.db.migrations import downgrade
from app.kit.db.revisions import migration_state
from app.kit.db.session import Sessions, create_sessions
from app.settings import Settings
from scripts.create_test_data import create_test_data
from tests.kit.database import kill

ID = text("SELECT CONNECTION_ID()")


@pytest.mark.parametrize("liveness_check", ["socket", "ping"])
async def test_a_connection_that_died_at_rest_is_replaced(
    settings: Settings, engine: AsyncEngine, liveness_check: str
) -> None:
    careful = settings.model_copy(update={"db_liveness_check": liveness_check})
    async with open_engine(careful) as own:
        async with own.connect() as connection:
            first = await connection.scalar(ID)
        await kill(engine, first)
        async with own.connect() as connection:
            assert await connection.scalar(ID) != first


async def test_a_connection_that_dies_at_work_is_a_lost_database(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await kill(engine, await connection.scalar(ID))
        with pytest.raises(DBAPIError) as caught:
            await connection.execute(ID)
    assert classify(caught.value) is Failure.UNAVAILABLE
    assert caught.value.connection_invalidated


async def test_a_statement_that_takes_too_long_is_ended(settings: Settings) -> None:
    hurried = settings.model_copy(update={"db_statement_timeout": 0.1})
    # Not SLEEP(), which MySQL ends in time without an error.
    endless = text(
        "SELECT count(*) FROM information_schema.collations a, information_schema.collations b,"
        " information_schema.collations c, information_schema.collations d"
    )
    async with asyncio.timeout(4), open_engine(hurried) as own, own.connect() as connection:
        with pytest.raises(DBAPIError) as caught:
            await connection.execute(endless)
    assert classify(caught.value) is Failure.UNAVAILABLE


async def test_a_server_that_says_nothing_is_given_up(settings: Settings) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = settings.sqlalchemy_url.set(host="127.0.0.1", port=port)
    hurried = Settings(
        database_url=url.render_as_string(hide_password=False), db_connect_timeout=0.1
    )
    async with server, open_engine(hurried) as engine:
        with pytest.raises(DBAPIError) as caught:
            async with asyncio.timeout(5):
                await engine.connect()
    assert classify(caught.value) is Failure.UNAVAILABLE


@pytest.mark.parametrize(
    ("variable", "value"),
    [("time_zone", "+00:00"), ("innodb_lock_wait_timeout", 5), ("lock_wait_timeout", 5)],
)
async def test_the_server_knows_our_limits(
    engine: AsyncEngine, variable: str, value: object
) -> None:
    async with engine.connect() as connection:
        assert await connection.scalar(text(f"SELECT @@{variable}")) == value
        mariadb = "MariaDB" in await connection.scalar(text("SELECT version()"))
        limit = "@@max_statement_time" if mariadb else "@@max_execution_time / 1000"
        assert await connection.scalar(text(f"SELECT {limit}")) == 30


async def test_a_user_may_have_any_password(settings: Settings, engine: AsyncEngine) -> None:
    name, password = f"u{settings.sqlalchemy_url.database}"[:30], "żółć 日本 '%"
    async with engine.connect() as connection:
        quoted = password.replace("'", "''").replace("%", "%%")
        await connection.exec_driver_sql(f"CREATE USER '{name}' IDENTIFIED BY '{quoted}'")
    try:
        url = settings.sqlalchemy_url.set(username=name, password=password, database="")
        their = Settings(database_url=url.render_as_string(hide_password=False))
        async with open_engine(their) as own, own.connect() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1
    finally:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(f"DROP USER '{name}'")


@pytest.mark.parametrize("other", ["acme", "Acmé", "Acme "])
async def test_names_that_look_alike_are_different(sessions: Sessions, other: str) -> None:
    async with sessions.write.begin() as session:
        for name in ("Acme", other):
            await create_company(session, name=name, industry="Any")


async def test_a_read_takes_one_round_trip(engine: AsyncEngine) -> None:
    # What the server counts, once the pool's connections know each other.
    count = text("SHOW SESSION STATUS LIKE 'Questions'").columns()
    async with create_sessions(engine).read() as session:
        _, before = (await (await session.connection()).execute(count)).one()
    async with create_sessions(engine).read() as session:
        await session.scalar(text("SELECT 1").columns())
    async with create_sessions(engine).read() as session:
        _, after = (await (await session.connection()).execute(count)).one()
    assert int(after) - int(before) == 2


async def test_a_snapshot_is_one_read_only_transaction(committing_sessions: Sessions) -> None:
    count, delete = text("SELECT count(*) FROM companies"), "DELETE FROM companies"
    async with committing_sessions.snapshot() as session:
        connection = await session.connection()
        assert await connection.scalar(count) == 0
        async with committing_sessions.write.begin() as writer:
            await create_company(writer, name="Acme", industry="Anvils")
        assert await connection.scalar(count) == 0
        with pytest.raises(connection.dialect.loaded_dbapi.Error, match="READ ONLY"):
            await connection.run_sync(lambda sync: sync.connection.cursor().execute(delete))


async def test_two_that_change_one_row_take_turns(committing_sessions: Sessions) -> None:
    async with committing_sessions.write.begin() as session:
        company = await create_company(session, name="Acme", industry="Anvils")
    async with committing_sessions.write() as late:
        await late.get_one(Company, company.id)
        async with committing_sessions.write.begin() as early:
            (await early.get_one(Company, company.id)).industry = "Springs"
        (await late.get_one(Company, company.id)).name = "Ajax"
        await late.commit()
    async with committing_sessions.read() as session:
        merged = await session.get_one(Company, company.id)
    assert (merged.name, merged.industry) == ("Ajax", "Springs")


async def test_a_stream_that_is_left_early_leaves_a_usable_pool(
    settings: Settings, committing_sessions: Sessions
) -> None:
    async with committing_sessions.write.begin() as session:
        await create_test_data(await session.connection(), companies=2_000, customers=0)
    small = settings.model_copy(update={"db_pool_size": 1})
    async with open_engine(small) as engine:
        sessions = create_sessions(engine)
        async with sessions.snapshot() as session:
            rows = await session.stream_scalars(select(Company).execution_options(yield_per=500))
            async for batch in rows.partitions():
                assert len(batch) == 500
                break
        async with sessions.read() as session:
            assert await session.scalar(text("SELECT 1").columns()) == 1


async def test_a_migration_that_fails_keeps_its_steps_before(settings: Settings) -> None:
    def fail_halfway(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            op.execute("CREATE TABLE first_step (id INTEGER)")
            op.execute("CREATE TABLE companies (id INTEGER)")

    async with open_engine(for_migrations(settings)) as own, own.connect() as connection:
        before = (await migration_state(connection)).current
        with pytest.raises(DBAPIError):
            await connection.run_sync(fail_halfway)
        await connection.rollback()
        assert (await migration_state(connection)).current == before
        assert await connection.run_sync(lambda sync: inspect(sync).has_table("first_step"))
        await connection.exec_driver_sql("DROP TABLE first_step")


async def test_a_migration_does_not_hold_up_readers_behind_it(
    settings: Settings, engine: AsyncEngine
) -> None:
    hurried = for_migrations(settings.model_copy(update={"db_lock_timeout": 0.1}))
    async with asyncio.timeout(10), open_engine(hurried) as own, engine.begin() as reader:
        await reader.execute(text("SELECT 1 FROM {{ 'jobs' if cookiecutter.__jobs else 'customers' }}"))
        async with own.connect() as migrator:
            with pytest.raises(CommandError, match="DB_LOCK_TIMEOUT"):
                await downgrade(migrator, "base")
            await migrator.rollback()
            assert not (await migration_state(migrator)).behind
