"""Migrations as an operator runs them."""

import asyncio

from app.companies.model import Company
from app.settings import Settings
from tests.kit.database import unreachable
from tests.kit.migrations import alembic, tables
from tests.kit.processes import run_python
from tests.support.processes import environment

TABLES = {"alembic_version", *Company.metadata.tables}


async def test_up_check_and_down_from_the_shell(empty: Settings) -> None:
    await alembic(empty, "upgrade", "head")
    assert await tables(empty) == TABLES
    assert "No new upgrade operations detected" in await alembic(empty, "check")
    await alembic(empty, "downgrade", "base")
    assert await tables(empty) == {"alembic_version"}


async def test_a_database_that_is_away_is_told_in_one_sentence(settings: Settings) -> None:
    done = await asyncio.to_thread(
        run_python, "-m", "alembic", "upgrade", "head", env=environment(unreachable(settings))
    )
    assert done.returncode != 0
    [sentence] = (done.stdout + done.stderr).splitlines()
    assert "DATABASE_URL" in sentence
