"""At the command line, what is wrong is said in one sentence."""

# {% if cookiecutter.__web %}
import socket

# {% endif %}
import pytest

from app.settings import Settings
from tests.kit.commands import assert_refused, run_app
from tests.kit.database import unreachable


@pytest.mark.parametrize("command", ["{{ cookiecutter.__start }}"])
async def test_a_database_that_is_not_migrated(empty: Settings, command: str) -> None:
    done = await run_app(command, settings=empty)
    assert_refused(done, "alembic upgrade head")


@pytest.mark.parametrize("command", ["{{ cookiecutter.__start }}", "dev"])
async def test_a_database_that_is_away(settings: Settings, command: str) -> None:
    done = await run_app(command, settings=unreachable(settings))
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
        # {% else %}
        (["--concurrency", "many"], {}, "WORKER_CONCURRENCY"),
        (["dev"], {"WORKER_CONCURRENCY": "99"}, "DB_POOL_SIZE"),
        # {% endif %}
        (["{{ cookiecutter.__start }}", "--workers", "0"], {}, "APP_WORKERS"),
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
