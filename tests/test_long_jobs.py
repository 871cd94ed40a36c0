"""Jobs that take long, do not end, or fail: what others can do meanwhile, and what is told."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.bake import ANSWERS, choices
from support.databases.observer import wait_until
from support.failures import FAILURES, FIRST, INSERT, NAMED, TABLE, TAKEN_BY_SQLITE
from support.places import OWNERS
from support.projects import (
    Copy,
    Project,
    Running,
    Variant,
    each,
    environment,
    migrated_database,
    running,
)

pytestmark = pytest.mark.projects

WORKERS: list[Variant] = [(driver, "none") for driver in choices("driver")]
USUAL = [("aiosqlite", "none"), ("asyncpg", "none")]
SCRIPT = """
from app.event_loop import run
import json, sys
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.kit.jobs.queue import enqueue_job
from app.settings import Settings
from sqlalchemy import text

async def main(statements, jobs):
    async with open_engine(Settings()) as engine, create_sessions(engine).write.begin() as session:
        for statement, values in statements:
            await session.execute(text(statement), values)
        for kind, payload in jobs:
            await enqueue_job(session, kind, payload=payload)

run(main(*map(json.loads, sys.argv[1:])))
"""
"""Executes statements, and adds jobs."""
BEGUN_BETWEEN = """
from app.event_loop import run
import asyncio, sys
from pathlib import Path
from app.kit.commands import jobs
from app.settings import Settings

real = jobs.running_of

async def later(found, *others):
    # A worker begins the job after the command has read it.
    place = Path(sys.argv[1])
    (place / "read").touch()
    while not (place / "begun").exists():
        await asyncio.sleep(0.01)
    return await real(found, *others)

jobs.running_of = later
run(jobs.show(Settings(), state=None, limit=9))
"""
"""Lists the jobs, one of which is begun meanwhile."""
AGAIN = {
    "postgresql": {
        "deadlock": "DO $$ BEGIN RAISE 'deadlock detected' USING ERRCODE = '40P01'; END $$",
        "serialization": "DO $$ BEGIN RAISE 'too late' USING ERRCODE = '40001'; END $$",
        "slow": "SELECT pg_sleep(9)",
        "killed": "SELECT pg_terminate_backend(pg_backend_pid())",
    },
    "mysql": {
        "deadlock": "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'a deadlock'",
        "slow": "SELECT SLEEP(9)",
        "killed": "KILL CONNECTION_ID()",
    },
    "sqlite": {},
}
"""Statements that fail, but might not the next time."""


@pytest.fixture(params=each(WORKERS, usual=USUAL))
def project(
    request: pytest.FixtureRequest, installed: Callable[[Variant], Project], tmp_path: Path
) -> Project:
    """Return a worker with the owner's kinds of jobs, and little patience with them."""
    copy = Copy.of(installed(request.param), tmp_path)
    shutil.copy(OWNERS / "long_jobs.py", copy.path / "app" / "owner.py")
    name = "app/jobs.py"
    copy.replace(name, '    "import_companies"', '    **OWNERS,\n    "import_companies"')
    copy.replace(name, "\n\nHANDLERS", "\nfrom app.owner import OWNERS\n\nHANDLERS")
    copy.replace("app/kit/jobs/handling.py", "GRACE = 10.0", "GRACE = 0.5")
    return copy


@pytest.fixture
def url(project: Project, tmp_path: Path) -> Iterator[str]:
    """Yield the DATABASE_URL of a migrated database."""
    with migrated_database(project, tmp_path) as url:
        yield url


def jobs(project: Project, url: str, *arguments: str) -> list[list[str]]:
    """Return the cells of what `jobs list` prints."""
    said = project.succeed(project.python, "-m", "app", "jobs", "list", *arguments, **env(url))
    return [line.split("\t") for line in said.splitlines()]


def env(url: str, **more: str) -> dict[str, str]:
    """Return settings with which nobody waits for long."""
    limits = {"DB_BUSY_TIMEOUT": "0.5", "DB_LOCK_TIMEOUT": "0.5", "DB_STATEMENT_TIMEOUT": "1"}
    attempts = {"WORKER_MAX_ATTEMPTS": "2", "WORKER_RETRY_DELAY": "0"}
    return {"DATABASE_URL": url, "WORKER_POLL_INTERVAL": "0.1", **limits, **attempts, **more}


def add(
    project: Project, url: str, *todo: tuple[str, dict[str, Any]], first: list[Any] | None = None
) -> None:
    """Add jobs, after statements that are to be executed `first`."""
    arguments = (json.dumps(first or []), json.dumps(todo))
    project.succeed(project.python, "-c", SCRIPT, *arguments, DATABASE_URL=url)


def said_by(worker: Running) -> Callable[[], str]:
    return lambda: worker.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("project", each(WORKERS, usual=USUAL[:1]), indirect=True)
def test_others_go_on_while_a_job_is_being_done(project: Project, url: str, tmp_path: Path) -> None:
    place = tmp_path / "files"
    place.mkdir()
    add(project, url, ("rest", {"directory": str(place)}))
    with running(project, tmp_path / "log", **env(url)) as worker:
        wait_until((place / "begun").exists, why=said_by(worker))
        # It has not written yet: others may.
        company = ("companies", "add", "Another", "Any")
        project.succeed(project.python, "-m", "app", *company, **env(url))
        [[_, kind, state, since, attempts, where]] = jobs(project, url, "--state", "running")
        assert (kind, state, attempts) == ("rest", "running", "0")
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", since)
        assert where.endswith(f":{worker.process.pid}")
        (place / "write").touch()
        wait_until((place / "written").exists, why=said_by(worker))
        # Nothing that only reads waits for the job.
        assert [row[2] for row in jobs(project, url)] == ["running"]
        for command in ("doctor", "companies list", "companies export"):
            project.succeed(project.python, "-m", "app", *command.split(), **env(url))
        for command in ("current", "check", "upgrade head"):
            project.succeed(project.python, "-m", "alembic", *command.split(), **env(url))
        with running(project, tmp_path / "second", "dev", **env(url)) as second:
            wait_until(lambda: "Working" in said_by(second)(), why=said_by(second))
        if project.driver == "aiosqlite":
            late = project.run(project.python, "-m", "app", *company[:2], "Late", "Any", **env(url))
            assert late.returncode == 1
            assert "DB_BUSY_TIMEOUT" in late.stderr
            assert len(late.stderr.splitlines()) == 1
        worker.process.kill()
        worker.process.wait()
    # Its worker died: nobody does it, and another one may at once.
    assert [row[2] for row in jobs(project, url)] == ["queued"]
    (place / "end").touch()
    with running(project, tmp_path / "third", **env(url)) as third:
        wait_until(lambda: jobs(project, url)[0][2] == "done", why=said_by(third))
        assert "Traceback" not in said_by(third)()
    said = project.succeed(project.python, "-m", "app", "companies", "list", **env(url))
    assert said.count("By the job") == 1


def test_a_job_that_is_begun_while_it_is_listed_is_shown(
    project: Project, url: str, tmp_path: Path
) -> None:
    add(project, url, ("rest", {"directory": str(tmp_path)}))
    command: list[str | Path] = [project.python, "-c", BEGUN_BETWEEN, tmp_path]
    with subprocess.Popen(
        command,
        cwd=project.path,
        env=environment(**env(url)),
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as listing:
        wait_until((tmp_path / "read").exists, why=lambda: "The jobs were not read.")
        with running(project, tmp_path / "log", **env(url)) as worker:
            said, _ = listing.communicate(timeout=60)
            for name in ("write", "end"):
                (tmp_path / name).touch()
            wait_until(lambda: jobs(project, url)[0][2] == "done", why=said_by(worker))
    assert listing.returncode == 0
    assert said.split("\t")[2] == "queued"


def test_a_failure_is_named_and_tried_again_only_if_that_may_help(
    project: Project, url: str, tmp_path: Path
) -> None:
    database = ANSWERS["_drivers"][project.driver]["database"]
    hopeless: dict[str, dict[str, Any]] = {
        name: {"statement": statement, "values": values}
        for name, (statement, values) in FAILURES.items()
        if database != "sqlite" or name not in TAKEN_BY_SQLITE
    }
    # MySQL's drivers send anything as a text.
    objects: dict[str, tuple[str, dict[str, Any]]] = (
        {} if database == "mysql" else {"object": ("send_an_object", {})}
    )
    once = {name: ("execute", payload) for name, payload in hopeless.items()} | objects
    again = {
        name: ("execute", {"statement": statement}) for name, statement in AGAIN[database].items()
    } | {"lock": ("wait_for_a_lock", {})}
    todo = once | again
    add(project, url, *todo.values(), first=[(TABLE, {}), (INSERT, FIRST)])
    with running(project, tmp_path / "log", **env(url)) as worker:
        wait_until(lambda: not jobs(project, url, "--state", "queued"), why=said_by(worker))
        log = worker.stop()
    rows = dict(zip(todo, reversed(jobs(project, url)), strict=True))
    assert {name for name, row in rows.items() if row[4] == "1"} == {*once}, rows
    for name, (_, _, state, _, attempts, error) in rows.items():
        assert (state, attempts) == ("failed", "1" if name in once else "2"), rows[name]
        words = error.partition(": ")[2]
        assert NAMED.get(name, "") in words, error
        assert len(words.split()) > 1, error
        assert error in log


@pytest.mark.parametrize(("kind", "counted"), [("stubborn", True), ("block", False)])
def test_a_job_that_can_not_be_ended_ends_its_worker(
    project: Project, url: str, tmp_path: Path, kind: str, *, counted: bool
) -> None:
    add(project, url, (kind, {}))
    settings = env(url, WORKER_JOB_TIMEOUT="0.5")
    with running(project, tmp_path / "log", **settings) as worker:
        wait_until(lambda: worker.process.poll() is not None, why=said_by(worker))
        log = said_by(worker)()
    assert worker.process.returncode == 1
    assert "CRITICAL" in log
    assert ("time.sleep(300)" in log) != counted
    [[_, _, state, _, attempts, error]] = jobs(project, url)
    assert (state, attempts) == ("queued", str(int(counted)))
    assert ("It took longer than 0.5 s (WORKER_JOB_TIMEOUT)" in error) == counted


def test_a_worker_that_is_stopped_names_the_job_that_goes_on(
    project: Project, url: str, tmp_path: Path
) -> None:
    add(project, url, ("stubborn", {}))
    settings = env(url, APP_SHUTDOWN_TIMEOUT="1")
    with running(project, tmp_path / "log", **settings) as worker:
        wait_until(lambda: jobs(project, url, "--state", "running"), why=said_by(worker))
        log = worker.stop()
    assert worker.process.returncode == 1
    assert re.search(r"CRITICAL.*A job of the kind 'stubborn' goes on", log), log
    [[_, _, state, _, attempts, _]] = jobs(project, url)
    assert (state, attempts) == ("queued", "0")
