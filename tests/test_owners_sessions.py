"""What owners write with sessions: work that outlives its request, and WebSockets."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
from support.bake import WEB_FRAMEWORKS, choices
from support.databases.observer import APPLICATION, PATIENCE, Observer, observing, wait_until
from support.failures import OVER
from support.http.contract import COMPANIES
from support.models.owner_routes import include_owner
from support.places import OWNERS
from support.projects import (
    Copy,
    Project,
    Service,
    Variant,
    each,
    migrated_database,
    serving,
)
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

pytestmark = pytest.mark.projects

USUAL: list[Variant] = [("asyncpg", framework) for framework in WEB_FRAMEWORKS]
VARIANTS: list[Variant] = [
    *USUAL,
    *(("asyncpg", WEB_FRAMEWORKS[0], server) for server in choices("server")[1:]),
    ("psycopg", WEB_FRAMEWORKS[0]),
]
POOL = 3
ENVIRONMENT = {
    "APP_REQUEST_TIMEOUT": "1",
    "APP_SHUTDOWN_TIMEOUT": "2",
    "DB_APPLICATION_NAME": APPLICATION,
    "DB_MAX_OVERFLOW": "0",
    "DB_POOL_SIZE": str(POOL),
    "DB_POOL_TIMEOUT": "5",
}


@dataclass(frozen=True)
class Owned:
    """A service to which its owner has added routes."""

    framework: str
    project: Project
    env: dict[str, str]
    service: Service
    observer: Observer

    def log(self) -> str:
        """Return all that it wrote."""
        return self.service.log.read_text(encoding="utf-8")

    def post(self, path: str) -> list[int]:
        """Send more requests than there are connections, and return their statuses."""
        urls = [self.service.url + path] * (POOL + 1)
        return [httpx2.post(url, timeout=PATIENCE).status_code for url in urls]

    def connect(self, path: str) -> ClientConnection:
        """Return an open WebSocket."""
        return connect(self.service.url.replace("http", "ws") + path, legacy=True)


def owned_project(variant: Variant, original: Project, directory: Path) -> Project:
    """Return a copy of a project with its owner's routes."""
    project, framework = Copy.of(original, directory), variant[1]
    shutil.copy(OWNERS / "work.py", project.path / "app" / "work.py")
    shutil.copy(OWNERS / f"{framework}.py", project.path / "app" / "owner.py")
    include_owner(project, framework)
    return project


@pytest.fixture(scope="module", params=each(VARIANTS, usual=USUAL))
def shared(
    request: pytest.FixtureRequest,
    installed: Callable[[Variant], Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Owned]:
    """Yield a service that the tests of this module share."""
    directory = tmp_path_factory.mktemp("owned")
    project = owned_project(request.param, installed(request.param), directory)
    with migrated_database(project, directory) as url, observing(url) as observer:
        env = ENVIRONMENT | {"DATABASE_URL": url}
        with serving(project, directory / "log", **env) as service:
            yield Owned(request.param[1], project, env, service, observer)


@pytest.fixture
def owned(shared: Owned) -> Iterator[Owned]:
    """Yield the service; afterwards all its connections are at rest, and can be used."""
    yield shared
    observer, url = shared.observer, shared.service.url + COMPANIES
    wait_until(lambda: not observer.sessions("state <> 'idle'"), why=shared.log)
    assert observer.sessions() <= POOL
    for number in range(POOL + 1):
        body = {"name": f"Well {number}", "industry": "Any"}
        assert httpx2.post(url, json=body, timeout=PATIENCE).status_code == 201, shared.log()
    observer.execute("TRUNCATE companies CASCADE")


@pytest.mark.parametrize(
    ("path", "function"),
    [
        ("/late/write/background", "add_late"),
        ("/late/read/background", "read_late"),
        ("/late/write/task", "add_late"),
    ],
)
def test_a_session_that_is_over_refuses_to_work(owned: Owned, path: str, function: str) -> None:
    before = len(owned.log())
    assert owned.post(path) == [202] * (POOL + 1)

    def said() -> str:
        return owned.log()[before:]

    wait_until(lambda: said().count(f"in {function}") > POOL, why=said)
    assert OVER in said()
    assert not owned.observer.count()


def test_a_stream_has_no_session_of_its_route(owned: Owned) -> None:
    before = len(owned.log())
    for _ in range(POOL + 1):
        try:
            answer = httpx2.get(owned.service.url + "/late/read/stream", timeout=PATIENCE).text
        except httpx2.TransportError:
            answer = ""
        assert answer in {"", "begun\n"}
    wait_until(lambda: owned.log()[before:].count(OVER) > POOL, why=owned.log)
    assert "in stream_late" in owned.service.written()[before:]


def test_a_task_left_behind_costs_no_connection(owned: Owned) -> None:
    assert owned.post("/late/write/concurrent") == [202] * (POOL + 1)


def test_work_with_a_session_of_its_own_is_done(owned: Owned) -> None:
    before = len(owned.log())
    assert httpx2.post(owned.service.url + "/own/background").status_code == 202
    wait_until(lambda: owned.observer.count("Own") == 1, why=owned.log)
    assert "Traceback" not in owned.service.written()[before:]


def test_a_websocket_reads(owned: Owned) -> None:
    with owned.connect("/ws/read") as one:
        one.send("How many?")
        assert one.recv(PATIENCE) == "0"
        # Longer than a request may take.
        with pytest.raises(TimeoutError):
            one.recv(1.5)
        owned.observer.put("Acme", "Anvils")
        one.send("And now?")
        assert one.recv(PATIENCE) == "1"


def test_each_message_is_a_unit_of_work(owned: Owned) -> None:
    sockets = [owned.connect("/ws/messages") for _ in range(POOL + 1)]
    for number, one in enumerate(sockets):
        one.send(f"Message {number}")
        one.recv(PATIENCE)
        assert owned.observer.count(f"Message {number}") == 1
    for one in sockets:
        one.close()


def test_a_websocket_that_fails_is_closed_as_failed(owned: Owned) -> None:
    before = len(owned.log())

    def send_again(one: ClientConnection) -> None:
        # It may be closed before the second is sent.
        for _ in range(2):
            one.send("Twice")
        for _ in range(3):
            one.recv(PATIENCE)

    for _ in range(POOL + 1):
        with owned.connect("/ws/messages") as one, pytest.raises(ConnectionClosedError) as error:
            send_again(one)
        assert error.value.rcvd is not None
        assert error.value.rcvd.code in {1008, 4500}
    # A conflict is nobody's mistake, and what it quotes of the row is not for a log.
    assert "Traceback" not in owned.service.written()[before:]
    assert "Twice" not in owned.service.written()[before:]


def test_a_websocket_whose_client_is_gone_gives_its_connection_back(owned: Owned) -> None:
    for _ in range(POOL + 1):
        with owned.connect("/ws/read") as one:
            one.send("How many?")
            assert one.recv(PATIENCE) == "0"
            # Without a word that it closes.
            one.socket.shutdown(socket.SHUT_RDWR)


def test_a_websocket_has_no_write(owned: Owned) -> None:
    """In one sentence: what it was answered would be undone when the client hangs up."""
    if owned.framework not in {"fastapi", "litestar"}:
        # Elsewhere a session is a block, which an owner writes around each message.
        return
    with pytest.raises(InvalidStatus):
        owned.connect("/ws/write")
    wait_until(lambda: "A WebSocket has no `Write`: ask for `Factories`" in owned.log())


def test_open_websockets_do_not_keep_it_from_stopping(shared: Owned, tmp_path: Path) -> None:
    with serving(shared.project, tmp_path / "log", **shared.env) as service:
        stopping = replace(shared, service=service)
        sockets = [stopping.connect("/ws/messages") for _ in range(POOL)]
        for number, one in enumerate(sockets):
            one.send(f"Open {number}")
            one.recv(PATIENCE)
        assert "Traceback" not in service.stop()
    for one in sockets:
        one.close()
    shared.observer.execute("TRUNCATE companies CASCADE")


HOLD = """

@router.post("/hold", status_code=202)
async def hold(sessions: Factories) -> None:
    async def for_ever() -> None:
        async with sessions.read() as session:
            await count(session)
            holds.set()
            await asyncio.Event().wait()

    holds = asyncio.Event()
    tasks.add(asyncio.create_task(for_ever()))
    await holds.wait()


tasks: set[asyncio.Task[None]] = set()
"""
"""A task that outlives its request, and does not give its connection back."""


@pytest.mark.parametrize("variant", each([("asyncpg", "fastapi")]))
def test_a_connection_in_use_does_not_keep_it_from_stopping(
    variant: Variant, installed: Callable[[Variant], Project], tmp_path: Path
) -> None:
    project = owned_project(variant, installed(variant), tmp_path)
    with (project.path / "app" / "owner.py").open("a", encoding="utf-8") as owner:
        owner.write(HOLD)
    with migrated_database(project, tmp_path) as url:
        env = ENVIRONMENT | {"DATABASE_URL": url, "DB_DRAIN_TIMEOUT": "0.1"}
        with serving(project, tmp_path / "log", **env) as service, observing(url) as observer:
            assert httpx2.post(f"{service.url}/hold").status_code == 202
            service.stop()
            wait_until(lambda: not observer.sessions())
