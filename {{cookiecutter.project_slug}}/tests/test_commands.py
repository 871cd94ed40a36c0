"""At the command line, what is wrong is said in one sentence."""

import asyncio
# {% if cookiecutter.__web %}
import socket
# {% endif %}
from collections.abc import AsyncIterator
from subprocess import CompletedProcess

import pytest

from app.kit.db.settings import DIALECT
from app.settings import Settings
from tests.database import MISTAKES, fresh_database, unreachable
from tests.processes import environment, run_python


async def run_app(*arguments: str, settings: Settings, **env: str) -> CompletedProcess[str]:
    """Run `python -m app` to its end."""
    return await asyncio.to_thread(
        run_python, "-m", "app", *arguments, env=environment(settings, **env)
    )


def assert_refused(done: CompletedProcess[str], *words: str) -> None:
    """Check that the command failed, and said why in one sentence."""
    assert done.returncode == 1, done.stdout
    sentence = done.stderr.strip()
    assert len(sentence.splitlines()) == 1, sentence
    for word in words:
        assert word in sentence


@pytest.fixture
async def empty() -> AsyncIterator[Settings]:
    """Yield settings for a database without tables."""
    async with fresh_database() as url:
        yield Settings(database_url=url)


async def test_doctor_is_content(settings: Settings) -> None:
    done = await run_app("doctor", settings=settings)
    assert done.returncode == 0, done.stderr
    assert "All is well." in done.stdout
    password = settings.sqlalchemy_url.password
    assert not password or password not in done.stdout


# {% if cookiecutter.__networked and cookiecutter.__start %}
async def test_doctor_warns_of_more_connections_than_there_are(settings: Settings) -> None:
    done = await run_app("doctor", settings=settings, APP_WORKERS="2", DB_MAX_OVERFLOW="99990")
    assert done.returncode == 0, done.stderr
    assert "200000 connections" in done.stdout
    assert "DB_MAX_OVERFLOW (99990)" in done.stdout
    assert "All is well." not in done.stdout


# {% endif %}
@pytest.mark.parametrize("command", ["{{ cookiecutter.__start or 'companies list' }}", "doctor"])
async def test_a_database_that_is_not_migrated(empty: Settings, command: str) -> None:
    done = await run_app(*command.split(), settings=empty)
    assert_refused(done, "alembic upgrade head")


@pytest.mark.parametrize("command", ["{{ cookiecutter.__start or 'companies list' }}", "dev", "doctor"])
async def test_a_database_that_is_away(settings: Settings, command: str) -> None:
    done = await run_app(*command.split(), settings=unreachable(settings))
    assert_refused(done, "DATABASE_URL")


# {% if cookiecutter.__web %}
@pytest.mark.parametrize("command", ["serve", "dev"])
async def test_a_port_that_is_in_use(settings: Settings, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = await run_app(command, "--port", port, settings=settings)
    assert_refused(done, port, "--port")


# {% endif %}
@pytest.mark.parametrize(
    ("arguments", "env", "word"),
    [
        # {% if cookiecutter.__web %}
        (["--port", "eighty"], {}, "APP_PORT"),
        # {% elif cookiecutter.__jobs %}
        (["--concurrency", "many"], {}, "WORKER_CONCURRENCY"),
        # {% endif %}
        # {% if cookiecutter.__jobs %}
        (["work", "--concurrency", "0"], {}, "WORKER_CONCURRENCY"),
        (["dev"], {"WORKER_CONCURRENCY": "99"}, "DB_POOL_SIZE"),
        # {% endif %}
        # {% if cookiecutter.__start %}
        (["{{ cookiecutter.__start }}", "--workers", "0"], {}, "APP_WORKERS"),
        # {% endif %}
        (["doctor"], {"DB_POOL_SIZE": "many"}, "DB_POOL_SIZE"),
        (["doctor"], {"DATABASE_URL": "oracle://scott:tiger@db/orcl"}, "DATABASE_URL"),
    ],
)
async def test_a_setting_that_is_not_understood(
    settings: Settings, arguments: list[str], env: dict[str, str], word: str
) -> None:
    done = await run_app(*arguments, settings=settings, **env)
    assert_refused(done, word)
    assert "tiger" not in done.stderr


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
