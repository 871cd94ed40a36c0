"""`python -m app doctor` says in one sentence what is wrong with the database."""

import asyncio
from collections.abc import Awaitable, Callable
from subprocess import CompletedProcess

import pytest

from app.__main__ import main
from app.kit import TEMPLATE_VERSION
from app.kit.db.settings import DIALECT
from app.settings import Settings
from tests.kit.commands import assert_refused, run_app
from tests.kit.database import MISTAKES, unreachable
from tests.kit.processes import run_python
from tests.support.processes import environment

Doctor = Callable[..., Awaitable[CompletedProcess[str]]]


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Return a function that runs the command in a thread with a loop of its own."""

    def run() -> int:
        try:
            return main(["doctor"])
        except SystemExit as end:
            return int(end.code or 0)

    async def run_doctor(settings: Settings, **env: str) -> CompletedProcess[str]:
        for name, value in environment(settings, **env).items():
            monkeypatch.setenv(name, value)
        code = await asyncio.to_thread(run)
        return CompletedProcess(["doctor"], code, *capsys.readouterr())

    return run_doctor


async def test_doctor_is_content(settings: Settings) -> None:
    done = await run_app("doctor", settings=settings)
    assert done.returncode == 0, done.stderr
    assert "All is well." in done.stdout
    assert f"{'Template':<28} {TEMPLATE_VERSION}\n" in done.stdout
    password = settings.sqlalchemy_url.password
    assert not password or password not in done.stdout


# {% if cookiecutter.__networked %}
async def test_doctor_warns_of_more_connections_than_there_are(
    settings: Settings, doctor: Doctor
) -> None:
    env = {"APP_INSTANCES": "3", "APP_WORKERS": "2", "DB_POOL_SIZE": "10"}
    done = await doctor(settings, **env, DB_MAX_OVERFLOW="99990")
    assert done.returncode == 0, done.stderr
    # {% if cookiecutter.__web and cookiecutter.__jobs %}
    assert "1600000 connections, which is (APP_INSTANCES (3) + WORKER_INSTANCES (1))" in done.stdout
    # {% else %}
    assert "1200000 connections, which is APP_INSTANCES (3) x APP_WORKERS (2)" in done.stdout
    # {% endif %}
    assert "DB_MAX_OVERFLOW (99990)" in done.stdout
    assert "All is well." not in done.stdout


async def test_a_replica_has_a_sum_of_its_own(settings: Settings, doctor: Doctor) -> None:
    # The same server stands for both.
    url = settings.sqlalchemy_url.render_as_string(hide_password=False)
    done = await doctor(settings, DATABASE_READ_URL=url, DB_POOL_SIZE="9999")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    [primary] = [line for line in lines if line.startswith("Connections  ")]
    [replica] = [line for line in lines if line.startswith("Connections (replica) ")]
    assert primary.split()[1:] == replica.split()[2:]
    assert "that the server has" in lines[-2]
    assert "that the replica has" in lines[-1]


# {% endif %}
async def test_a_database_that_is_not_migrated(empty: Settings, doctor: Doctor) -> None:
    assert_refused(await doctor(empty), "alembic upgrade head")


async def test_a_database_that_is_away(settings: Settings, doctor: Doctor) -> None:
    assert_refused(await doctor(unreachable(settings)), "DATABASE_URL")


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_mistake_in_the_address(settings: Settings, doctor: Doctor, mistake: str) -> None:
    url, word = MISTAKES[mistake](settings)
    assert_refused(await doctor(settings, DATABASE_URL=url), word)


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
