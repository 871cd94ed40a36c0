"""What every server of ASGI applications keeps: the loop, the end, failures, reload."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

import httpx2
import pytest
from support.bake import choices
from support.http.raw_http import connected, request, status_of
from support.projects import PATIENCE, Project, install, migrated_database, serving

pytestmark = pytest.mark.projects

# A loop that nobody else would choose.
CHOSEN = """

class Chosen(asyncio.SelectorEventLoop):
    pass


def new_event_loop():
    return Chosen()
"""
# Answers itself what the tests ask for, and says when the application has closed.
REPORTING = """

class Reporting:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            print("The application has closed.", flush=True)
        elif scope["path"] == "/loop":
            await respond(send, type(asyncio.get_running_loop()).__name__)
        elif scope["path"] == "/stuck":
            await respond(send, "stuck", more=True)
            await asyncio.sleep(3600)
        elif scope["path"] == "/version":
            await respond(send, "first version")
        else:
            await self.app(scope, receive, send)


async def respond(send, text, *, more=False):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": text.encode(), "more_body": more})


app = Reporting(app)
"""
HEADER = "        ensure_compatible_loop(of_server=True)\n"
FAILING = f"""{HEADER}
        if os.environ.get("TOLD_TO_FAIL"):
            raise RuntimeError("told to fail")
"""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(server, marks=pytest.mark.xdist_group(f"server-{server}"))
        for server in choices("server")
    ],
)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project as it is in production, but for what it reports."""
    project = install(
        tmp_path_factory.mktemp("server"),
        "--no-default-groups",
        driver="aiosqlite",
        server=request.param,
    )
    loop = project.path / "app" / "event_loop.py"
    loop.write_text(loop.read_text(encoding="utf-8") + CHOSEN, encoding="utf-8")
    main = project.path / "app" / "main.py"
    text = main.read_text(encoding="utf-8")
    assert HEADER in text
    first = "from collections.abc import"
    assert first in text
    text = text.replace(first, f"import asyncio\nimport os\n{first}", 1)
    main.write_text(text.replace(HEADER, FAILING) + REPORTING, encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def url(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the DATABASE_URL of a migrated database."""
    with migrated_database(project, tmp_path_factory.mktemp("database")) as url:
        yield url


COMMANDS = [["--workers", "1"], ["--workers", "2"], ["dev"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_process_runs_on_the_chosen_loop(
    project: Project, url: str, tmp_path: Path, command: list[str]
) -> None:
    with serving(project, tmp_path / "log", *command, DATABASE_URL=url) as service:
        # New connections, which go to any of the processes.
        answers = {httpx2.get(f"{service.url}/loop").text for _ in range(20)}
        service.stop()
    assert answers == {"Chosen"}


def test_an_answer_before_the_body_says_whether_the_connection_goes_on(
    project: Project, url: str, tmp_path: Path
) -> None:
    """Or clients lose the request that they send next, now and then."""
    content = request("PUT", "/api/v1/companies", {"name": "Acme", "industry": "Anvils"})
    with serving(project, tmp_path / "log", DATABASE_URL=url) as service:
        with connected(service.url) as connection:
            connection.sendall(content[:-10])
            with HTTPResponse(connection) as answer:
                answer.begin()
                answer.read()
            assert answer.status == 405
            if not answer.will_close:
                connection.sendall(content[-10:] + request("GET", "/health"))
                assert status_of(connection) == 200
        service.stop()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_takes_too_long_is_ended_and_the_application_closes(
    project: Project, url: str, tmp_path: Path, workers: str
) -> None:
    env = {"DATABASE_URL": url, "APP_SHUTDOWN_TIMEOUT": "1"}
    with serving(project, tmp_path / "log", "--workers", workers, **env) as service:
        address = ("127.0.0.1", urlsplit(service.url).port)
        with (
            socket.create_connection(address) as half,
            httpx2.stream("GET", f"{service.url}/stuck", timeout=PATIENCE) as response,
        ):
            half.sendall(b"GET /half-a-re")
            assert next(response.iter_text()) == "stuck"
            log = service.stop()
        assert log.count("The application has closed.") == int(workers)
        if sys.platform != "win32":
            assert service.process.returncode in {0, -15}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_start_that_fails_ends_the_service(project: Project, url: str, workers: str) -> None:
    options = ["--port", "0", "--workers", workers]
    done = project.run(project.python, "-m", "app", *options, DATABASE_URL=url, TOLD_TO_FAIL="yes")
    assert done.returncode not in {0, -15}
    assert "told to fail" in done.stdout + done.stderr


def test_a_change_of_the_code_is_served(project: Project, url: str, tmp_path: Path) -> None:
    main = project.path / "app" / "main.py"
    before = main.read_text(encoding="utf-8")
    with serving(project, tmp_path / "log", "dev", DATABASE_URL=url) as service:
        try:
            assert httpx2.get(f"{service.url}/version").text == "first version"
            main.write_text(before.replace("first version", "second version"), encoding="utf-8")
            wait_for_answer(f"{service.url}/version", "second version")
        finally:
            main.write_text(before, encoding="utf-8")
        service.stop()


def wait_for_answer(url: str, text: str) -> None:
    """Return once `url` is answered with `text`."""
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        try:
            if httpx2.get(url).text == text:
                return
        except httpx2.TransportError:
            pass  # It starts.
        sleep(0.05)
    raise AssertionError(f"{url} is never answered with {text!r}")
