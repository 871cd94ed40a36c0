"""Migrations from a running loop, and what they find out."""

import pytest
from alembic.util import CommandError
from sqlalchemy import CheckConstraint

from app.companies.model import Company
from app.kit.db.engine import open_engine
from app.kit.db.migrations import check, downgrade, upgrade
from app.kit.db.revisions import migration_state
from app.settings import Settings
from tests.kit.migrations import alembic, tables


async def test_up_check_and_down_from_a_running_loop(empty: Settings) -> None:
    async with open_engine(empty) as engine, engine.connect() as connection:
        assert (await migration_state(connection)).behind
        await connection.rollback()
        await upgrade(connection)
        await check(connection)
        assert not (await migration_state(connection)).behind
        await connection.rollback()
        await downgrade(connection, "base")
    assert await tables(empty) == {"alembic_version"}


async def test_a_database_that_is_ahead_is_not_behind(empty: Settings) -> None:
    async with open_engine(empty) as engine, engine.connect() as connection:
        await upgrade(connection)
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'newer'")
        assert not (await migration_state(connection)).behind


async def test_the_sql_can_be_read_first(empty: Settings) -> None:
    sql = await alembic(empty, "upgrade", "head", "--sql")
    assert "CREATE TABLE companies" in sql
    assert await tables(empty) == set()


async def test_a_check_constraint_without_a_migration_is_noticed(empty: Settings) -> None:
    table = Company.metadata.tables["companies"]
    constraint = CheckConstraint("id > 0", name="id_positive")
    async with open_engine(empty) as engine, engine.connect() as connection:
        await upgrade(connection)
        table.append_constraint(constraint)
        try:
            with pytest.raises(CommandError, match="id_positive"):
                await check(connection)
        finally:
            table.constraints.discard(constraint)
