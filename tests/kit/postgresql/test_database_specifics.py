"""What only PostgreSQL and its driver can get wrong."""

import pytest
from alembic.util import CommandError
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.engine import open_engine
from app.kit.db.failures import Failure, classify
from app.kit.db.migration_guard import for_migrations
from app.kit.db.migrations import downgrade
from app.kit.db.revisions import migration_state
from app.kit.db.session import create_sessions
from app.settings import Settings

PID = text("SELECT pg_backend_pid()")


async def kill(engine: AsyncEngine, pid: int) -> None:
    """End the server's process behind a connection."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


@pytest.mark.parametrize("liveness_check", ["socket", "ping"])
async def test_a_connection_that_died_at_rest_is_replaced(
    settings: Settings, engine: AsyncEngine, liveness_check: str
) -> None:
    careful = settings.model_copy(update={"db_liveness_check": liveness_check})
    async with open_engine(careful) as own:
        async with own.connect() as connection:
            first = await connection.scalar(PID)
        await kill(engine, first)
        async with own.connect() as connection:
            assert await connection.scalar(PID) != first


async def test_a_connection_that_dies_at_work_is_a_lost_database(
    settings: Settings, engine: AsyncEngine
) -> None:
    async with open_engine(settings) as own, own.connect() as connection:
        await kill(engine, await connection.scalar(PID))
        with pytest.raises(DBAPIError) as caught:
            await connection.execute(PID)
    assert classify(caught.value) is Failure.UNAVAILABLE


async def test_a_statement_that_takes_too_long_is_ended(settings: Settings) -> None:
    hurried = settings.model_copy(update={"db_statement_timeout": 0.5})
    async with open_engine(hurried) as engine, engine.connect() as connection:
        with pytest.raises(DBAPIError) as caught:
            await connection.execute(text("SELECT pg_sleep(10)"))
    assert classify(caught.value) is Failure.UNAVAILABLE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("application_name", "{{ cookiecutter.project_slug }}"),
        ("statement_timeout", "30s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("TimeZone", "UTC"),
    ],
)
async def test_the_server_knows_our_limits(engine: AsyncEngine, name: str, value: str) -> None:
    async with engine.connect() as connection:
        assert await connection.scalar(text(f"SHOW {name}")) == value


async def test_a_read_begins_no_transaction(engine: AsyncEngine) -> None:
    # The moments at which two transactions began differ.
    moment = text("SELECT transaction_timestamp()").columns()
    async with create_sessions(engine).read() as session:
        assert await session.scalar(moment) != await session.scalar(moment)


async def test_a_repeated_read_is_prepared(settings: Settings) -> None:
    prepared = select(func.count()).select_from(text("pg_prepared_statements"))
    async with open_engine(settings) as engine:
        # Some drivers wait for repetitions, and forget what they prepared at each ROLLBACK.
        for _ in range(8):
            async with create_sessions(engine).read() as session:
                count = await session.scalar(prepared)
    assert count


async def test_a_snapshot_is_one_read_only_transaction(engine: AsyncEngine) -> None:
    async with create_sessions(engine).snapshot() as session:
        connection = await session.connection()
        moment = text("SELECT transaction_timestamp()")
        assert await connection.scalar(moment) == await connection.scalar(moment)
        # So it refuses what the words of a statement don't tell, too.
        assert await connection.scalar(text("SHOW transaction_read_only")) == "on"


async def test_a_url_may_ask_for_tls_as_libpq_does(settings: Settings) -> None:
    url = settings.sqlalchemy_url.update_query_dict({"sslmode": "disable"})
    spelled = Settings(database_url=url.render_as_string(hide_password=False))
    async with open_engine(spelled) as engine, engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1


async def test_a_migration_does_not_hold_up_readers_behind_it(settings: Settings) -> None:
    hurried = for_migrations(settings.model_copy(update={"db_lock_timeout": 0.1}))
    async with open_engine(hurried) as engine:
        async with engine.begin() as reader, engine.connect() as migrator:
            await reader.execute(text("SELECT FROM {{ 'jobs' if cookiecutter.__jobs else 'companies' }}"))
            with pytest.raises(CommandError, match="DB_LOCK_TIMEOUT"):
                await downgrade(migrator, "base")
        async with engine.connect() as connection:
            assert not (await migration_state(connection)).behind


async def test_behind_pgbouncer_the_limits_are_the_role_s(settings: Settings) -> None:
    pooled = settings.model_copy(update={"db_pooler": "pgbouncer"})
    async with open_engine(pooled) as engine, engine.connect() as connection:
        for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            assert await connection.scalar(text(f"SHOW {limit}")) == "0"
        name = await connection.scalar(text("SHOW application_name"))
    assert name == settings.db_application_name
    with pytest.raises(CommandError, match="DB_POOLER=none"):
        for_migrations(pooled)
