"""Behind PgBouncer in transaction mode every answer is the right one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bake import ANSWERS
from support.databases.pgbouncer import REFUSED_BY_DEFAULT, pgbouncer
from support.databases.questions import ALL_RIGHT, ask
from support.databases.real import server_for
from support.http.contract import drive
from support.projects import Project, install, serving

pytestmark = [pytest.mark.projects, pytest.mark.xdist_group("pgbouncer")]

DRIVERS = [name for name, facts in ANSWERS["_drivers"].items() if facts["database"] == "postgresql"]
POOLED = {"DB_POOLER": "pgbouncer"}
# Reads a column before and after its type changes, on one connection.
CHANGED = """
from app.event_loop import run
import json, sys
from sqlalchemy import text
from app.kit.db import driver
from app.kit.db.engine import open_engine
from app.settings import Settings

if "cheaper" in sys.argv:
    del driver.WITHOUT_CACHES["prepared_statement_cache_size"]

async def main():
    async with open_engine(Settings()) as engine:
        reader = engine.execution_options(**driver.READ_OPTIONS)

        async def execute(statement):
            async with engine.begin() as connection:
                await connection.execute(text(statement))

        async def read():
            async with reader.connect() as connection:
                return await connection.scalar(text("SELECT amount FROM amounts"))

        await execute("CREATE TABLE amounts AS SELECT 7::bigint AS amount")
        amounts = [await read()]
        await execute("ALTER TABLE amounts ALTER amount TYPE double precision")
        amounts.append(await read())
        await execute("DROP TABLE amounts")
    print(json.dumps(amounts))

run(main())
"""

# Asks again once another one has taken the server's connection that it had asked on.
MOVED = """
from app.event_loop import run
from sqlalchemy import text
from app.kit.db import driver
from app.kit.db.engine import open_engine
from app.settings import Settings

async def main():
    async with open_engine(Settings()) as engine:
        reader = engine.execution_options(**driver.READ_OPTIONS)
        async with reader.connect() as connection:
            # psycopg prepares what it has executed five times.
            for _ in range(10):
                await connection.scalar(text("SELECT 7"))
            async with engine.begin() as other:
                await other.execute(text("SELECT 1"))
                print(await connection.scalar(text("SELECT 7")))

run(main())
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Yield the URL of a PostgreSQL."""
    with server_for(DRIVERS[0]) as url:
        yield url


@pytest.fixture(scope="module", params=DRIVERS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with what it needs to run."""
    directory = tmp_path_factory.mktemp("project")
    return install(directory, "--no-default-groups", driver=request.param)


def test_every_answer_is_right(project: Project, server: str) -> None:
    with pgbouncer(server) as url:
        assert ask(project, url, **POOLED) == ALL_RIGHT


def test_without_the_setting_it_would_not_be(project: Project, server: str) -> None:
    """A statement that a connection of the server knows is looked for on another one."""

    def ask_on_two(url: str, **env: str) -> tuple[int, str]:
        done = project.run(project.python, "-c", MOVED, DATABASE_URL=url, **env)
        return done.returncode, done.stdout + done.stderr

    with pgbouncer(server, ignore_startup_parameters=REFUSED_BY_DEFAULT) as url:
        assert ask_on_two(url, **POOLED) == (0, "7\n")
        code, output = ask_on_two(url)
    assert code != 0
    assert re.search('prepared statement "[a-z0-9_]+" does not exist', output)


def test_a_column_whose_type_changes_is_read_as_what_it_is(project: Project, server: str) -> None:
    """Without SQLAlchemy's cache asyncpg asks twice, and with it would misread: decision 49."""

    def amounts(url: str, *arguments: str) -> list[float]:
        one = {"DB_POOL_SIZE": "1", "DB_PREWARM": "1"}
        done = project.succeed(
            project.python, "-c", CHANGED, *arguments, DATABASE_URL=url, **POOLED, **one
        )
        found: list[float] = json.loads(done)
        return found

    with pgbouncer(server) as url:
        assert amounts(url) == [7, 7.0]
        if project.driver == "asyncpg":
            before, after = amounts(url, "cheaper")
            assert before == 7
            # The bits of a float, taken for an integer.
            assert after > 4e18


def test_migrations_go_past_it_and_the_service_through(
    project: Project, server: str, tmp_path: Path
) -> None:
    def alembic(command: str, revision: str, **env: str) -> tuple[int, str]:
        done = project.run(project.python, "-m", "alembic", command, revision, **env)
        return done.returncode, done.stdout + done.stderr

    with pgbouncer(server) as url:
        code, said = alembic("upgrade", "head", DATABASE_URL=url, **POOLED)
        assert code != 0
        assert "DB_POOLER=none" in said
        assert "Traceback" not in said
        assert alembic("upgrade", "head", DATABASE_URL=server)[0] == 0
        env = {"DATABASE_URL": url, **POOLED}
        # Its clients may be more than the server has connections.
        said = project.succeed(project.python, "-m", "app", "doctor", **env, APP_INSTANCES="99")
        assert "a deployment, of PgBouncer's max_client_conn; its own to the server" in said
        assert said.splitlines()[-1] == "All is well."
        with serving(project, tmp_path / "log", **env) as service:
            drive(service.url)
            assert "Traceback" not in service.stop()
        # The next driver's project begins from nothing, too.
        assert alembic("downgrade", "base", DATABASE_URL=server)[0] == 0
