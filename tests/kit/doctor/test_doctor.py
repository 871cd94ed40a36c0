"""`python -m app doctor` says in one sentence what is wrong with the database."""

import asyncio

import pytest

from app.kit.db.settings import DIALECT
from app.settings import Settings
from tests.kit.commands import assert_refused, run_app
from tests.kit.database import MISTAKES, unreachable
from tests.kit.processes import run_python
from tests.support.processes import environment


async def test_doctor_is_content(settings: Settings) -> None:
    done = await run_app("doctor", settings=settings)
    assert done.returncode == 0, done.stderr
    assert "All is well." in done.stdout
    password = settings.sqlalchemy_url.password
    assert not password or password not in done.stdout


# {% if cookiecutter.__networked %}
async def test_doctor_warns_of_more_connections_than_there_are(settings: Settings) -> None:
    done = await run_app("doctor", settings=settings, APP_WORKERS="2", DB_MAX_OVERFLOW="99990")
    assert done.returncode == 0, done.stderr
    assert "200000 connections" in done.stdout
    assert "DB_MAX_OVERFLOW (99990)" in done.stdout
    assert "All is well." not in done.stdout


# {% endif %}
async def test_a_database_that_is_not_migrated(empty: Settings) -> None:
    assert_refused(await run_app("doctor", settings=empty), "alembic upgrade head")


async def test_a_database_that_is_away(settings: Settings) -> None:
    assert_refused(await run_app("doctor", settings=unreachable(settings)), "DATABASE_URL")


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_mistake_in_the_address(settings: Settings, mistake: str) -> None:
    url, word = MISTAKES[mistake](settings)
    assert_refused(await run_app("doctor", settings=settings, DATABASE_URL=url), word)


async def test_a_driver_that_is_not_installed(settings: Settings) -> None:
    # None in sys.modules is how Python itself marks a module that can't be imported.
    script = (
        "import sys; sys.modules[sys.argv.pop(1)] = None;"
        "from app.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    driver = DIALECT.partition("+")[2]
    done = await asyncio.to_thread(
        run_python, "-c", script, driver, "doctor", env=environment(settings)
    )
    assert_refused(done, driver, "uv sync")
