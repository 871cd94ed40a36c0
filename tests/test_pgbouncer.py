"""Behind PgBouncer in transaction mode every answer is the right one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.bake import ANSWERS
from support.databases.pgbouncer import REFUSED_BY_DEFAULT, find_pgbouncer, pgbouncer
from support.databases.real import server_for
from support.http.contract import drive
from support.projects import Project, install, serving

pytestmark = [pytest.mark.projects, pytest.mark.xdist_group("pgbouncer")]

DRIVERS = [name for name, facts in ANSWERS["_drivers"].items() if facts["database"] == "postgresql"]
POOLED = {"DB_POOLER": "pgbouncer"}

# Asks many questions at once in each kind of session, and compares every answer.
CLIENT = """
from app.event_loop import run
import asyncio, json, random
from sqlalchemy import func, literal, select
from sqlalchemy.exc import DBAPIError
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.settings import Settings

QUESTIONS = [
    lambda n: (select(literal(n) + 1), n + 1),
    lambda n: (select(literal(n) * 2), n * 2),
    lambda n: (select(func.abs(literal(n)) - 3), n - 3),
    lambda n: (select(literal(n) + literal(n) + 5), n + n + 5),
    lambda n: (select(literal(str(n)).concat("!")), f"{n}!"),
]
answers = {"right": 0, "wrong": 0, "errors": 0}

async def ask(sessions):
    for _ in range(100):
        question, right = random.choice(QUESTIONS)(random.randrange(1_000_000))
        try:
            kind = random.choice(["read", "write", "snapshot"])
            async with getattr(sessions, kind)() as session:
                for _ in range(3):
                    answer = await session.scalar(question)
                    answers["right" if answer == right else "wrong"] += 1
        except DBAPIError:
            answers["errors"] += 1

async def main():
    async with open_engine(Settings()) as engine, asyncio.TaskGroup() as tasks:
        for _ in range(8):
            tasks.create_task(ask(create_sessions(engine)))
    print(json.dumps(answers))

run(main())
"""
CLIENTS = 3
QUESTIONS = CLIENTS * 8 * 100 * 3


@pytest.fixture(scope="module")
def program() -> str:
    """Return PgBouncer's path, if it is on this machine."""
    program = find_pgbouncer()
    if not program:
        pytest.skip("there is no PgBouncer here: install Debian's pgbouncer, or set PATH")
    return program


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


def ask(project: Project, url: str, **env: str) -> dict[str, int]:
    """Let several processes ask at once; return how many answers were right, and how many not."""

    def run(_number: int) -> dict[str, int]:
        done = project.succeed(project.python, "-c", CLIENT, DATABASE_URL=url, **env)
        answers: dict[str, int] = json.loads(done)
        return answers

    with ThreadPoolExecutor(CLIENTS) as threads:
        results = list(threads.map(run, range(CLIENTS)))
    return {kind: sum(result[kind] for result in results) for kind in results[0]}


def test_every_answer_is_right(project: Project, program: str, server: str) -> None:
    with pgbouncer(program, server) as url:
        answers = ask(project, url, **POOLED)
    assert answers == {"right": QUESTIONS, "wrong": 0, "errors": 0}


def test_without_the_setting_it_would_not_be(project: Project, program: str, server: str) -> None:
    """The test above can fail."""
    with pgbouncer(program, server, ignored=REFUSED_BY_DEFAULT) as url:
        answers = ask(project, url)
    assert answers["wrong"] + answers["errors"] > 0


def test_migrations_go_past_it_and_the_service_through(
    project: Project, program: str, server: str, tmp_path: Path
) -> None:
    def alembic(command: str, revision: str, **env: str) -> tuple[int, str]:
        done = project.run(project.python, "-m", "alembic", command, revision, **env)
        return done.returncode, done.stdout + done.stderr

    with pgbouncer(program, server) as url:
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
