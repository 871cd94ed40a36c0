"""The answer `jobs`: a worker beside the service; without both, a command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx2
import psutil
import pytest
from support.bake import WEB_FRAMEWORKS, choices
from support.databases.observer import wait_until
from support.databases.real import database_for
from support.kit_tests import OF_JOBS, add_kit_tests
from support.projects import (
    AWKWARD,
    PATIENCE,
    Copy,
    Project,
    Running,
    Variant,
    answers,
    each,
    migrated_database,
    running,
    serving,
)
from support.variants import OF_DATABASES

pytestmark = pytest.mark.projects

SERVER, *OTHER_SERVERS = choices("server")
DRIVER = choices("driver")[0]
FIRST = WEB_FRAMEWORKS[0]
COMMAND_LINES: list[Variant] = [(driver, "none", SERVER, "no") for driver in choices("driver")]
WITH_JOBS: list[Variant] = [
    *((driver, FIRST, SERVER, "yes") for driver in choices("driver")),
    *((DRIVER, framework, SERVER, "yes") for framework in WEB_FRAMEWORKS[1:]),
    *((DRIVER, FIRST, server, "yes") for server in OTHER_SERVERS),
]
USUAL: list[Variant] = [(driver, FIRST, SERVER, "yes") for driver in OF_DATABASES.values()]
SQLITE: Variant = ("aiosqlite", FIRST, SERVER, "yes")
SQLITE_ALONE: Variant = ("aiosqlite", "none", SERVER, "no")
PATH = "/api/v1/companies"
ACME = {"companies": [{"name": "Acme", "industry": "Anvils"}]}
NOBODY: dict[str, list[object]] = {"companies": []}
FAILING = """
from app.kit.jobs import queue


async def enqueue_job(session, kind, *, payload):
    job = await queue.enqueue_job(session, kind, payload=payload)
    if not payload["companies"]:
        raise RuntimeError("after the job was added")
    return job
"""
"""What an owner's request may do once it has added a job."""


def jobs(project: Project, url: str) -> list[list[str]]:
    """Return the cells of what `jobs list` prints."""
    command = (project.python, "-m", "app", "jobs", "list")
    said = project.succeed(*command, DATABASE_URL=url)
    return [line.split("\t") for line in said.splitlines()]


def said_by(process: Running) -> Callable[[], str]:
    """Return a function that returns what a process has printed."""
    return lambda: process.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("project", each(WITH_JOBS, usual=USUAL), indirect=True)
def test_a_job_is_done_if_and_only_if_its_request_is_committed(
    project: Project, tmp_path: Path
) -> None:
    copy = Copy.of(project, tmp_path)
    (copy.path / "app" / "failing.py").write_text(FAILING, encoding="utf-8")
    routes = "app/companies/routes.py"
    copy.replace(routes, "from app.kit.jobs.queue import", "from app.failing import")
    with (
        migrated_database(copy, tmp_path) as url,
        serving(copy, tmp_path / "log", DATABASE_URL=url) as service,
        httpx2.Client(base_url=service.url, trust_env=False) as client,
    ):
        assert client.post(f"{PATH}/import", json=NOBODY).status_code == 500
        accepted = client.post(f"{PATH}/import", json=ACME)
        assert accepted.status_code == 202
        assert client.post(f"{PATH}/import", json=NOBODY).status_code == 500
        assert client.get(PATH).json()["items"] == []
        [[number, kind, state, *_]] = jobs(copy, url)
        assert (int(number), kind, state) == (accepted.json()["id"], "import_companies", "queued")
        with running(copy, tmp_path / "worker", "work", DATABASE_URL=url) as worker:
            wait_until(lambda: jobs(copy, url)[0][2] != "queued", why=said_by(worker))
            log = worker.stop()
        assert worker.process.returncode == 0
        assert "Traceback" not in log
        [[_, _, state, *_]] = jobs(copy, url)
        assert state == "done"
        [company] = client.get(PATH).json()["items"]
        assert company["name"] == "Acme"


@pytest.mark.parametrize("project", each(WITH_JOBS, usual=[SQLITE]), indirect=True)
def test_dev_serves_and_works_and_reloads_both(project: Project, tmp_path: Path) -> None:
    copy = Copy.of(project, tmp_path)

    def import_companies(url: str) -> None:
        # No connection is kept: the service that had it may have ended.
        answer = httpx2.post(f"{service.url}{PATH}/import", json=ACME, trust_env=False)
        assert answer.status_code == 202
        wait_until(lambda: jobs(copy, url)[0][2] == "done", why=said_by(service))

    with (
        database_for(copy.driver, tmp_path) as url,
        serving(copy, tmp_path / "log", "dev", DATABASE_URL=url) as service,
    ):
        import_companies(url)
        begun = said_by(service)().count(" runs on ")
        copy.replace("app/companies/jobs.py", "name=company.name", 'name=f"{company.name} 2"')
        # The service and the worker.
        wait_until(lambda: said_by(service)().count(" runs on ") == begun + 2, why=said_by(service))
        import_companies(url)
        items = httpx2.get(service.url + PATH, trust_env=False).json()["items"]
        assert [it["name"] for it in items][-2:] == ["Acme", "Acme 2"]
        processes = psutil.Process(service.process.pid).children(recursive=True)
        log = service.stop()
        assert not psutil.wait_procs(processes, timeout=PATIENCE)[1]
    assert "Traceback" not in log


@pytest.mark.parametrize("variant", each(WITH_JOBS, usual=USUAL[:1]))
def test_its_developers_find_it_right(
    variant: Variant, developed: Callable[[Variant], Project], tmp_path: Path
) -> None:
    project = Copy.of(developed(variant), tmp_path)
    add_kit_tests(project.path, OF_JOBS, **answers(variant), **AWKWARD)
    project.succeed(project.python, "-m", "mypy")
    # One process, as the text of a failure that no database stores is nothing for xdist.
    assert project.pass_tests() > 40


@pytest.mark.parametrize("project", each(COMMAND_LINES, usual=[SQLITE_ALONE]), indirect=True)
def test_without_both_it_is_a_command_line(project: Project, tmp_path: Path) -> None:
    for name in ("main.py", "resources.py", "worker.py", "kit/http", "kit/jobs"):
        assert not (project.path / "app" / name).exists()

    def app(*arguments: str) -> str:
        return project.succeed(project.python, "-m", "app", *arguments, DATABASE_URL=url)

    with database_for(project.driver, tmp_path) as url:
        assert "companies" in (shown := app())
        assert "jobs" not in shown
        assert app("dev").splitlines()[-2:] == [
            "The database was empty: seeded 5.",
            "The database is ready.",
        ]
        assert len(app("companies", "list").splitlines()) == 5
        assert "All is well." in app("doctor")
