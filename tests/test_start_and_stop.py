"""The engine is opened warm and disposed, however the service starts and stops."""

from __future__ import annotations

import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.bake import server_of
from support.databases.observer import APPLICATION, Observer, obstructing, wait_until
from support.http.contract import COMPANIES
from support.http.differences import EXIT_CODES
from support.http.raw_http import connected, ended, request, status_of
from support.projects import STOP_SIGNALS, Project, Variant, each, migrated_database, serving
from support.variants import SERVICES

pytestmark = pytest.mark.projects

# Each server, and what lets its handlers go on when its server stops.
USUAL: list[Variant] = [("asyncpg", it) for it in ("fastapi", "aiohttp", "sanic")]
POOL = 3
ENVIRONMENT = {
    "DB_APPLICATION_NAME": APPLICATION,
    "DB_DRAIN_TIMEOUT": "1",
    "DB_LOCK_TIMEOUT": "60",
    "DB_POOL_SIZE": str(POOL),
    "DB_PREWARM": str(POOL),
    # A connection that nobody closes is a ResourceWarning.
    "PYTHONDEVMODE": "1",
    "PYTHONWARNINGS": "error",
}
REQUEST = request("POST", COMPANIES, {"name": "slow insert", "industry": "Gates"})
SEVERAL = [USUAL[0], ("asyncpg", "aiohttp")]
"""Whose two workers run by default, too: uvicorn brings its own, all others have ours."""


@dataclass(frozen=True)
class Stage:
    """A project and its database, before a service is started."""

    project: Project
    server: str
    observer: Observer
    env: dict[str, str]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test its variants, and one and two workers to those that ask for a number."""
    if "workers" in metafunc.fixturenames:
        pairs = [
            pytest.param(*it.values, number, id=f"{it.id}-{number}", marks=[*it.marks, *full])
            for it in each(SERVICES, usual=USUAL)
            for number in (1, 2)
            for full in [[pytest.mark.full] if number > 1 and it.values[0] not in SEVERAL else []]
        ]
        metafunc.parametrize(("shared", "workers"), pairs, indirect=["shared"], scope="module")
    elif "shared" in metafunc.fixturenames:
        metafunc.parametrize("shared", each(SERVICES, usual=USUAL), indirect=True, scope="module")


@pytest.fixture(scope="module")
def shared(
    request: pytest.FixtureRequest,
    installed: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    """Yield a project and a database that the tests of this module share."""
    project = installed(request.param)
    _, framework, *chosen = request.param
    server = server_of(framework, *chosen)
    with (
        migrated_database(project, tmp_path_factory.mktemp("stage")) as url,
        obstructing(url) as observer,
    ):
        yield Stage(project, server, observer, ENVIRONMENT | {"DATABASE_URL": url})


@pytest.fixture
def stage(shared: Stage) -> Iterator[Stage]:
    """Yield them without companies, and expect that no connection is left."""
    yield shared
    shared.observer.execute("TRUNCATE companies CASCADE")
    assert not shared.observer.sessions()


def expected_exit_code(server: str, number: signal.Signals, workers: int) -> int:
    """Return what `EXIT_CODES` says, on this system."""
    code = EXIT_CODES[server][(number == signal.SIGINT) + 2 * (workers > 1)]
    if code is not None:
        return code
    # STATUS_CONTROL_C_EXIT, as Windows ends what has no handler.
    return 0xC000013A if sys.platform == "win32" else -number


def warnings_in(log: str) -> list[str]:
    """Return the warnings about what is ours."""
    # In its workers uvicorn opens the standard input, and leaves it so.
    lines = [line for line in log.splitlines() if "TextIOWrapper name=0" not in line]
    return [line for line in lines if "Warning" in line]


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_it_starts_warm_answers_what_it_began_and_leaves_nothing(
    stage: Stage, tmp_path: Path, workers: int, number: signal.Signals
) -> None:
    observer, options = stage.observer, ["--workers", str(workers)]
    with (
        observer.closed_gate(),
        serving(stage.project, tmp_path / "log", *options, **stage.env) as service,
        ExitStack() as stack,
    ):
        wait_until(lambda: observer.sessions("state = 'idle'") == workers * POOL)
        connection = stack.enter_context(connected(service.url))
        connection.sendall(REQUEST)
        wait_until(observer.waiting)
        # The service closes connections at rest when it begins to stop.
        at_rest = [stack.enter_context(connected(service.url)) for _ in range(8)]
        for other in at_rest:
            other.sendall(request("GET", "/health"))
            assert status_of(other) == 200
        service.signal(number)
        for other in at_rest:
            wait_until(partial(ended, other))
        assert service.process.poll() is None
        observer.open_gate()
        assert status_of(connection) == 201
        code = service.process.wait(60)
        log = service.log.read_text(encoding="utf-8")
    assert observer.count() == 1
    assert code == expected_exit_code(stage.server, number, workers)
    assert "Traceback" not in log, log
    assert not warnings_in(log), log


def test_it_does_not_wait_for_ever(stage: Stage, tmp_path: Path, workers: int) -> None:
    observer, options = stage.observer, ["--workers", str(workers)]
    env = stage.env | {"APP_SHUTDOWN_TIMEOUT": "1"}
    with (
        observer.closed_gate(),
        serving(stage.project, tmp_path / "log", *options, **env) as service,
        connected(service.url) as connection,
    ):
        connection.sendall(REQUEST)
        wait_until(observer.waiting)
        service.signal(STOP_SIGNALS[0])
        service.process.wait(60)
        wait_until(lambda: not observer.sessions())
        try:
            status = status_of(connection)
        except ConnectionError:
            status = 0
        log = service.log.read_text(encoding="utf-8")
    assert status != 201
    assert observer.count() == 0
    assert re.search(rf"POST {COMPANIES} cancelled \d+ ms \(.*rolled back\)", log), log


def test_the_log_of_requests_can_be_off(stage: Stage, tmp_path: Path) -> None:
    with serving(stage.project, tmp_path / "log", APP_REQUEST_LOG="no", **stage.env) as service:
        with connected(service.url) as connection:
            connection.sendall(request("GET", COMPANIES))
            assert status_of(connection) == 200
        log = service.stop()
    assert "GET" not in log, log
    assert COMPANIES not in log, log


def start_as_limited(stage: Stage, workers: int) -> tuple[int, str]:
    """Start a service as a user with limits; return its exit code and what it wrote."""
    url = urlsplit(stage.env["DATABASE_URL"])
    limited = url._replace(netloc=f"limited:secret@{url.hostname}:{url.port}").geturl()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    command = ["-m", "app", "--port", str(port), "--workers", str(workers)]
    env = stage.env | {"DATABASE_URL": limited}
    done = stage.project.run(stage.project.python, *command, **env)
    assert not stage.observer.sessions()
    assert not warnings_in(done.stderr), done.stderr
    # Its debug mode finds this machine slow.
    lines = [line for line in done.stderr.splitlines() if "Executing <" not in line]
    return done.returncode, "\n".join(lines)


def test_too_few_connections_are_told_in_one_sentence(stage: Stage, workers: int) -> None:
    stage.observer.limit_logins(at_once=POOL - 1)
    code, said = start_as_limited(stage, workers)
    assert code == 1
    assert "\n" not in said, said
    assert f"{workers * POOL} connections" in said
    assert "DB_PREWARM" in said


def test_a_start_that_fails_half_way_leaves_nothing(stage: Stage, workers: int) -> None:
    """The database has connections when it is looked at, and too few for the last worker."""
    checks = 1 + workers * POOL
    stage.observer.limit_logins(in_all=checks + workers * POOL - 1)
    code, said = start_as_limited(stage, workers)
    assert code > 0, said
    assert "no connection to spare" in said or "too many" in said
