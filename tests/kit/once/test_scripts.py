"""The scripts that fill the database, as a user runs them."""

import asyncio

from sqlalchemy import func, select

from app.companies.model import Company
from app.kit.db.session import Sessions
from app.settings import Settings
from scripts.seed_database import COMPANIES
from tests.kit.database import unreachable
from tests.kit.processes import run_python
from tests.support.processes import environment


async def test_the_scripts_run_as_a_user_runs_them(
    committing_sessions: Sessions, settings: Settings
) -> None:
    commands = [
        ["scripts/seed_database.py"],
        ["scripts/create_test_data.py", "--companies", "3", "--customers", "7"],
    ]
    for command in commands:
        done = await asyncio.to_thread(
            run_python, "-W", "error", *command, env=environment(settings)
        )
        assert done.returncode == 0, done.stderr
    async with committing_sessions.read() as session:
        count = await session.scalar(select(func.count()).select_from(Company))
    assert count == len(COMPANIES) + 3


async def test_numbers_that_make_no_sense_are_refused(settings: Settings) -> None:
    done = await asyncio.to_thread(
        run_python, "scripts/create_test_data.py", "--companies", "0", env=environment(settings)
    )
    assert done.returncode == 2
    assert "from 1 on" in done.stderr


async def test_a_database_that_is_away_is_told_in_one_sentence(settings: Settings) -> None:
    done = await asyncio.to_thread(
        run_python, "scripts/seed_database.py", env=environment(unreachable(settings))
    )
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert "DATABASE_URL" in sentence
