"""The log of a service: what it says about failures, and what it leaves out of requests."""

from __future__ import annotations

import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPResponse
from pathlib import Path

import httpx2
import pytest
from support.bake import WEB_FRAMEWORKS, bake
from support.databases.observer import Observer, obstructing, wait_until
from support.http.contract import COMPANIES, PROBLEM
from support.http.raw_http import connected, status_of
from support.projects import Project, answers, each, free_port, migrated_database, running, serving

pytestmark = pytest.mark.projects

USUAL = [("asyncpg", WEB_FRAMEWORKS[0])]
VARIANTS = [
    *(("asyncpg", framework) for framework in WEB_FRAMEWORKS),
    ("asyncpg", WEB_FRAMEWORKS[0], "granian"),
    ("asyncpg", WEB_FRAMEWORKS[0], "hypercorn"),
]
SECRET = "hunter2marker"  # noqa: S105  not a secret
UPGRADE = (
    f"Host: service\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: {SECRET}\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
ROUTE = """

from fastapi import WebSocket


@app.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.receive_text()
"""


@dataclass(frozen=True)
class Stage:
    """A project and its database, and a look into it."""

    project: Project
    url: str
    observer: Observer
    directory: Path
    answers: dict[str, str]


@pytest.fixture(scope="module", params=each(VARIANTS, usual=USUAL))
def stage(
    request: pytest.FixtureRequest,
    installed: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    """Yield all this."""
    project, directory = installed(request.param), tmp_path_factory.mktemp("stage")
    with migrated_database(project, directory) as url, obstructing(url) as observer:
        yield Stage(project, url, observer, directory, answers(request.param))


def test_a_column_that_is_missing_is_named_with_the_line_that_asked(stage: Stage) -> None:
    log = stage.directory / "log"
    with serving(stage.project, log, DATABASE_URL=stage.url, APP_LOG_SQL="true") as service:
        body = {"name": SECRET, "industry": SECRET}
        assert httpx2.post(service.url + COMPANIES, json=body).status_code == 201
        with renamed(stage):
            answer = httpx2.get(f"{service.url}{COMPANIES}?token={SECRET}")
            if answer.status_code == 422:  # not every framework takes what it does not know
                answer = httpx2.get(f"{service.url}{COMPANIES}")
        said = service.stop()
    assert answer.status_code == 500, answer.text
    assert answer.headers["Content-Type"] == PROBLEM
    assert "ProgrammingError 42703: column companies.industry does not exist" in said, said
    assert "\nSQL: SELECT companies.id, companies.name" in said, said
    assert f'{Path("app", "companies", "queries.py")}", line ' in said, said
    assert "site-packages" not in said, said
    assert "INFO: app.sql: INSERT INTO companies" in said, said
    assert SECRET not in said, said


def test_an_exhausted_pool_says_so_once_and_counts_the_rest(stage: Stage) -> None:
    env = {"DB_POOL_SIZE": "1", "DB_POOL_TIMEOUT": "0.5", "DB_STATEMENT_TIMEOUT": "3"}
    log = stage.directory / "log"
    with serving(stage.project, log, DATABASE_URL=stage.url, **env) as service:

        def add(number: int) -> int:
            body = {"name": f"slow insert {number}", "industry": "Gates"}
            return httpx2.post(service.url + COMPANIES, json=body, timeout=60).status_code

        with ThreadPoolExecutor(8) as threads, stage.observer.closed_gate():
            statuses = list(threads.map(add, range(8)))
        said = service.stop()
    assert statuses == [503] * 8, said
    refused = [line for line in said.splitlines() if "no connection to spare" in line]
    first, last = refused
    assert re.search(r"POST \S+ 503: .*DB_POOL_TIMEOUT.*: 1 of 1 in use .*, [67] waiting$", first)
    assert f" {len(statuses) - 2} more like this, the last: " in last
    ended = [line for line in said.splitlines() if "DB_STATEMENT_TIMEOUT" in line]
    assert len(ended) == 1, said
    assert " 57014: canceling statement due to statement timeout" in ended[0]


@contextmanager
def renamed(stage: Stage) -> Iterator[None]:
    """Take a column away that the models have."""
    stage.observer.execute("ALTER TABLE companies RENAME COLUMN industry TO trade")
    try:
        yield
    finally:
        stage.observer.execute("ALTER TABLE companies RENAME COLUMN trade TO industry")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lowers another process's limit")
def test_errors_are_answered_without_a_file_descriptor_to_spare(stage: Stage) -> None:
    import resource  # noqa: PLC0415  not on Windows

    log, port = stage.directory / "log", free_port()
    env = {"DATABASE_URL": stage.url, "DB_POOL_SIZE": "1"}
    with running(stage.project, log, "--port", str(port), **env) as service:
        # Without a request, which would load what it needs.
        text = partial(log.read_text, encoding="utf-8")
        wait_until(lambda: " runs on " in text() and listens(port), why=text)
        with socket.create_connection(("127.0.0.1", port)) as connection:
            # From here on nothing else can be opened.
            pid = service.process.pid
            time.sleep(2)
            taken = {int(it.name) for it in Path(f"/proc/{pid}/fd").iterdir()}
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (min({*range(999)} - taken), 4096))
            ask = partial(status_of_answer, connection)
            assert ask("GET", "/nothing") == 404
            assert ask("PUT", "/health") == 405
            assert ask("POST", COMPANIES, b'{"name": 1}') == 422
            assert ask("POST", COMPANIES, b'{"name') == 422
            assert ask("GET", f"{COMPANIES}?limit=none") == 422
            assert ask("GET", f"{COMPANIES}/4711") == 404
            assert ask("POST", COMPANIES, b'{"name": "x", "industry": "x"}') == 201
            assert ask("POST", COMPANIES, b'{"name": "x", "industry": "x"}') == 409
            with renamed(stage):
                assert ask("GET", COMPANIES) == 500
        assert "column companies.industry does not exist" in service.stop()
    stage.observer.execute("DELETE FROM companies WHERE name = 'x'")


def listens(port: int) -> bool:
    """Return whether somebody accepts connections."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def status_of_answer(connection: socket.socket, method: str, path: str, body: bytes = b"") -> int:
    """Return the status of an answer, which is a problem if it is an error."""
    head = f"{method} {path} HTTP/1.1\r\nHost: service\r\nContent-Type: application/json\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = HTTPResponse(connection)
    answer.begin()
    content = answer.read()
    assert answer.status < 400 or answer.headers["Content-Type"] == PROBLEM, content
    return answer.status


def test_no_query_of_a_websocket_is_logged(stage: Stage, tmp_path: Path) -> None:
    project, accepted = stage.project, {0, 403, 404, 500}
    if stage.answers["framework"] == "fastapi":
        # The owner's, beside the environment of another project.
        project = Project(bake(tmp_path, **stage.answers), project.driver)
        (project.path / ".venv").symlink_to(stage.project.path / ".venv", target_is_directory=True)
        main = project.path / "app" / "main.py"
        main.write_text(main.read_text(encoding="utf-8") + ROUTE, encoding="utf-8")
        accepted = {101}
    log = stage.directory / "log"
    with serving(project, log, DATABASE_URL=stage.url, APP_LOG_LEVEL="debug") as service:
        with connected(service.url) as connection:
            connection.sendall(f"GET /socket?token={SECRET} HTTP/1.1\r\n{UPGRADE}".encode())
            assert status_of(connection) in accepted
        httpx2.get(service.url)
        said = service.stop()
    assert SECRET not in said, said
    if accepted == {101}:
        assert re.search(r"\] INFO: app.requests: WEBSOCKET /socket 101 ", said), said
