"""The log for machines (APP_LOG_FORMAT=json): each line of each process is one object."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.bake import WEB_FRAMEWORKS, choices
from support.databases.observer import wait_until
from support.http.contract import ACME, COMPANIES
from support.http.raw_http import exchange
from support.projects import (
    Copy,
    Project,
    Service,
    Variant,
    each,
    migrated_database,
    running,
    serving,
)

pytestmark = pytest.mark.projects

DRIVER, FRAMEWORK = choices("driver")[0], WEB_FRAMEWORKS[0]
FIRST = (DRIVER, FRAMEWORK)
VARIANTS = [
    *((DRIVER, framework) for framework in WEB_FRAMEWORKS),
    *((*FIRST, server) for server in choices("server")[1:]),
]
WORKER = (DRIVER, "none")
JSON = {"APP_LOG_FORMAT": "json"}
FIELDS = ["time", "level", "logger", "message"]
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
ROUTES = """
import asyncio
import logging
import traceback

from app.kit.http.sessions import Write


def log_in_thread() -> None:
    logging.getLogger("app.owner").warning("in a thread", extra={"tenant": "Żółć", "status": 1})


@app.get("/print")
async def say() -> None:
    print("two\\nlines")
    await asyncio.to_thread(log_in_thread)
    try:
        raise ValueError("printed")
    except ValueError:
        traceback.print_exc()


@app.get("/fail/{reason}")
async def fail(session: Write, reason: str) -> None:
    try:
        raise KeyError(reason)
    except KeyError as error:
        raise RuntimeError("two\\nlines") from error
"""
"""What an owner may write."""


@dataclass(frozen=True)
class Stage:
    """A project, and where its database is."""

    project: Project
    env: dict[str, str]
    log: Path

    def lines(self, *command: str, code: int = 0, **env: str) -> list[dict[str, Any]]:
        """Return what a command of the project's Python prints, which ends with this `code`."""
        done = self.project.run(self.project.python, *command, **{**self.env, **env})
        assert done.returncode == code, done.stdout + done.stderr
        return objects(done.stdout + done.stderr)


def objects(text: str) -> list[dict[str, Any]]:
    """Return the objects of a log that has nothing but one on each line."""
    found = [json.loads(line) for line in text.splitlines()]
    for line in found:
        assert [*line][: len(FIELDS)] == FIELDS, line
        assert re.fullmatch(MOMENT, line["time"]), line
    return found


@contextmanager
def staged(project: Project, directory: Path) -> Iterator[Stage]:
    """Yield a project with a migrated database."""
    with migrated_database(project, directory) as url:
        yield Stage(project, JSON | {"DATABASE_URL": url}, directory / "log")


@pytest.fixture(scope="module", params=each([FIRST]))
def first(
    request: pytest.FixtureRequest,
    installed: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    """Yield a project of the first kind."""
    with staged(installed(request.param), tmp_path_factory.mktemp("first")) as stage:
        yield stage


@pytest.mark.parametrize("variant", each(VARIANTS, usual=[FIRST]))
def test_each_line_of_a_service_is_an_object(
    installed: Callable[..., Project], variant: Variant, tmp_path: Path
) -> None:
    with (
        staged(installed(variant), tmp_path) as stage,
        serving(stage.project, stage.log, APP_LOG_SQL="true", **stage.env) as service,
    ):
        url = service.url
        for number in range(20):
            httpx2.post(url + COMPANIES, json=ACME | {"name": f"Acme {number}"})
        answers = in_threads(lambda n: httpx2.get(f"{url}{COMPANIES}/4711", headers=id_of(n)))
        # A line break in a header, as no client library sends it, and an id that is too long.
        for value in (b"a\r\n b", b"a\nX: b", b"a\rb", b"x" * 10_000, b"\xe9", b"a\x00b", b""):
            exchange(url, b"GET /x HTTP/1.1\r\nHost: x\r\nX-Request-ID: " + value + b"\r\n\r\n")
        lines = objects(read_after(service, f"{COMPANIES}/4712"))
    # The server's own lines are no text that was caught on its way out.
    assert "stderr" not in {line["logger"] for line in lines}, lines
    requests = [line for line in lines if line["logger"] == "app.requests"]
    posts = [line for line in requests if line["method"] == "POST"]
    assert len(posts) == 20
    for line in posts:
        assert (line["level"], line["status"], line["outcome"]) == ("INFO", 201, "answered")
        assert (line["route"], line["transactions"]) == (COMPANIES, ["committed"])
        assert 0 < line["duration"] < 60
        # The statements of a request have its id, too.
        same = [it for it in lines if it.get("request_id") == line["request_id"]]
        assert any(it["message"].startswith("INSERT INTO companies") for it in same), same
    assert len({line["request_id"] for line in posts}) == 20
    for number, answer in enumerate(answers):
        assert answer.headers["X-Request-ID"] == answer.json()["instance"] == f"id-{number}"
        asked = [it for it in lines if it.get("request_id") == f"id-{number}"]
        assert any(it["logger"] == "app.sql" for it in asked), asked
        assert asked[-1]["status"] == 404
        assert asked[-1]["route"].startswith(f"{COMPANIES}/")


def in_threads(ask: Callable[[int], httpx2.Response]) -> list[httpx2.Response]:
    """Return the answers to requests that are sent at the same time."""
    with ThreadPoolExecutor(10) as threads:
        return list(threads.map(ask, range(30)))


def id_of(number: int) -> dict[str, str]:
    return {"X-Request-ID": f"id-{number}"}


def read_after(service: Service, path: str) -> str:
    """Return the whole log of a service, which is stopped, after a last request."""
    httpx2.get(service.url + path)
    return service.stop()


def test_what_an_owner_prints_logs_and_raises_is_in_objects(first: Stage, tmp_path: Path) -> None:
    project = Copy.of(first.project, tmp_path)
    main = project.path / "app" / "main.py"
    main.write_text(main.read_text(encoding="utf-8") + ROUTES, encoding="utf-8")
    workers = {"APP_WORKERS": "2"}
    with serving(project, tmp_path / "log", **first.env, **workers) as service:
        printed = httpx2.get(f"{service.url}/print", headers=id_of(1))
        failed = httpx2.get(f"{service.url}/fail/now?secret", headers=id_of(2))
        lines = objects(service.stop())
    assert (printed.status_code, failed.status_code) == (200, 500)
    assert failed.json()["instance"] == failed.headers["X-Request-ID"] == "id-2"
    asked = [it for it in lines if it.get("request_id") == "id-1"]
    said = [(it["level"], it["logger"], it["message"]) for it in asked]
    assert ("INFO", "stdout", "two") in said
    assert ("INFO", "stdout", "lines") in said
    [own] = [it for it in asked if it["logger"] == "app.owner"]
    assert (own["message"], own["tenant"], own["status"]) == ("in a thread", "Żółć", 1)
    [trace] = [it["message"] for it in asked if it["logger"] == "stderr"]
    assert trace.startswith("Traceback (most recent call last):\n")
    assert trace.endswith("\nValueError: printed")
    error, line = (it for it in lines if it.get("request_id") == "id-2")
    assert (error["level"], error["message"]) == ("ERROR", "GET /fail/now failed")
    # Both errors, in one object.
    assert "KeyError: 'now'" in error["traceback"]
    assert error["traceback"].endswith("RuntimeError: two\nlines")
    assert (line["status"], line["route"]) == (500, "/fail/{reason}")
    assert line["transactions"] == ["rolled back"]


def test_the_log_for_people_has_the_time_and_the_id(first: Stage) -> None:
    env = first.env | {"APP_LOG_FORMAT": "console"}
    with serving(first.project, first.log, **env) as service:
        httpx2.get(f"{service.url}/health", headers=id_of(3))
        said = service.stop()
    assert re.search(rf"^{MOMENT} INFO: app\.kit\.db\.engine: postgresql", said, re.MULTILINE)
    line = rf"^{MOMENT} \[request_id=id-3\] INFO: app\.requests: GET /health 200 \d+ ms$"
    assert re.search(line, said, re.MULTILINE), said


def test_alembic_and_scripts_write_objects(first: Stage) -> None:
    assert first.lines("-m", "alembic", "upgrade", "head") == []
    [seeded] = first.lines("-m", "scripts.seed_database")
    assert (seeded["logger"], seeded["message"][:5]) == ("stdout", "Added")
    nowhere = {"DATABASE_URL": f"{first.env['DATABASE_URL']}_gone"}
    for command in (["alembic", "upgrade", "head"], ["scripts.seed_database"], ["app"]):
        error, *_ = first.lines("-m", *command, code=255 if "head" in command else 1, **nowhere)
        assert error["level"] == "ERROR"
        assert "has no database" in error["message"]


def test_the_sql_of_a_migration_and_the_answer_of_a_command_are_no_log(first: Stage) -> None:
    for command in (["alembic", "upgrade", "head", "--sql"], ["app", "doctor"]):
        said = first.project.succeed(first.project.python, "-m", *command, **first.env)
        assert not said.startswith("{"), said
    assert re.search(r"^APP_LOG_FORMAT +json$", said, re.MULTILINE)
    assert re.search(r"^APP_SLOW_QUERY +0", said, re.MULTILINE)


def test_an_error_that_nobody_handles_is_one_object(first: Stage, tmp_path: Path) -> None:
    project = Copy.of(first.project, tmp_path)
    project.replace("scripts/seed_database.py", "missing = ", "missing = 1 / 0 or ")
    broken = Stage(project, first.env, first.log)
    [error] = broken.lines("-m", "scripts.seed_database", code=1)
    assert error["level"] == "CRITICAL"
    assert error["traceback"].endswith("\nZeroDivisionError: division by zero")


def test_a_setting_that_is_wrong_is_said_for_machines_too(first: Stage) -> None:
    [error] = first.lines("-m", "app", code=1, APP_PORT="secret")
    assert "APP_PORT" in error["message"]
    # Nobody knows which format was meant.
    done = first.project.run(first.project.python, "-m", "app", APP_LOG_FORMAT="yaml")
    assert "APP_LOG_FORMAT: Input should be 'console' or 'json'" in done.stderr


def test_what_a_developer_starts_writes_objects(first: Stage) -> None:
    with serving(first.project, first.log, "dev", **first.env) as service:
        httpx2.get(f"{service.url}/health", headers=id_of(4))
        lines = objects(service.stop())
    assert any(it.get("request_id") == "id-4" for it in lines), lines


@pytest.mark.parametrize("variant", each([WORKER], usual=[]))
def test_the_lines_of_a_job_have_its_id(
    installed: Callable[..., Project], variant: Variant, tmp_path: Path
) -> None:
    project, log = installed(variant), tmp_path / "log"
    with migrated_database(project, tmp_path) as url:
        env = JSON | {"DATABASE_URL": url, "APP_LOG_SQL": "true"}
        payload = json.dumps({"companies": [ACME]})
        command = ["-m", "app", "jobs", "add", "import_companies", payload]
        assert project.succeed(project.python, *command, **env) == "Job 1 is queued.\n"
        with running(project, log, **env) as worker:
            wait_until(lambda: "INSERT INTO companies" in log.read_text(encoding="utf-8"))
            lines = objects(worker.stop())
    [inserted] = [it for it in lines if it["message"].startswith("INSERT INTO companies")]
    assert inserted["job_id"] == 1
