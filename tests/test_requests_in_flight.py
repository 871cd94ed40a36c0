"""One request, one transaction, whatever becomes of the request: over a socket, in a process.

Nothing of the project is replaced. What goes wrong, goes wrong in the database or on the wire.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx2
import pytest
from support.bake import server_of
from support.databases.observer import APPLICATION, Observer, obstructing, wait_until
from support.http.contract import COMPANIES, PROBLEM
from support.http.differences import ABANDONED
from support.http.raw_http import close, connected, request, reset, status_of
from support.projects import Project, Service, each, migrated_database, serving
from support.variants import SERVICES, USUAL_SERVICES

pytestmark = pytest.mark.projects

POOL = 3
LINE = r"[0-9-]+T[0-9:.]+Z \[request_id=[0-9a-f]{16}\] INFO: app\.requests: "
"""How a line about a request begins: with the time, in UTC, and the id of the request."""
ENVIRONMENT = {
    "DB_APPLICATION_NAME": APPLICATION,
    "DB_LOCK_TIMEOUT": "60",
    "DB_POOL_SIZE": str(POOL),
    "DB_PREWARM": str(POOL),
}


@dataclass(frozen=True)
class Scene:
    """A service, its database, and what it wrote to its log."""

    framework: str
    server: str
    service: Service
    observer: Observer

    def log(self) -> str:
        """Return all of the log."""
        return self.service.log.read_text(encoding="utf-8")

    def logged(self, method: str) -> list[str]:
        """Return what the log says of requests with a method that were answered before."""
        text = self.service.written()
        return re.findall(rf"^{LINE}({method} .*)$", text, re.MULTILINE)

    def send(self, method: str, path: str, body: object = None) -> httpx2.Response:
        """Send a request as most clients do."""
        try:
            return httpx2.request(method, self.service.url + path, json=body, timeout=60)
        except httpx2.TransportError as error:
            ended = self.service.process.poll()
            raise AssertionError(f"{error!r}; exit code {ended}; {self.log()}") from error


@pytest.fixture(scope="module", params=each(SERVICES, usual=USUAL_SERVICES))
def shared(
    request: pytest.FixtureRequest,
    installed: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    """Yield a service that the tests of this module share."""
    project, directory = installed(request.param), tmp_path_factory.mktemp("scene")
    _, framework, *chosen = request.param
    with migrated_database(project, directory) as url, obstructing(url) as observer:
        env = ENVIRONMENT | {"DATABASE_URL": url}
        with serving(project, directory / "log", **env) as service:
            yield Scene(framework, server_of(framework, *chosen), service, observer)


@pytest.fixture
def scene(shared: Scene) -> Iterator[Scene]:
    """Yield the service; afterwards, whatever happened, it is as good as new."""
    yield shared
    observer = shared.observer
    wait_until(lambda: not observer.sessions("state <> 'idle'"), why=shared.log)
    assert observer.sessions() <= POOL
    # As many connections as it ever had can be used, all at the same time.
    with ThreadPoolExecutor(POOL) as threads:
        with observer.closed_gate():
            bodies = [{"name": f"slow insert {n}", "industry": "Gates"} for n in range(POOL)]
            answers = [threads.submit(shared.send, "POST", COMPANIES, body) for body in bodies]
            wait_until(lambda: observer.waiting() == POOL, why=shared.log)
        assert [answer.result().status_code for answer in answers] == [201] * POOL
    observer.execute("TRUNCATE companies CASCADE")


@pytest.fixture
def quiet(scene: Scene) -> Iterator[Scene]:
    """Yield the service, which has nothing of what happens to explain in its log."""
    before = len(scene.log())
    yield scene
    wait_until(lambda: not scene.observer.sessions("state <> 'idle'"), why=scene.log)
    noise = scene.service.written()[before:]
    assert not re.search(r"Traceback|never retrieved|Warning|ERROR|CRITICAL", noise), noise


@pytest.mark.parametrize(("code", "status"), [("23505", 409), ("40001", 503), ("P0001", 500)])
def test_a_commit_that_fails_is_no_success(scene: Scene, code: str, status: int) -> None:
    refused = f"refuse {code}"
    kept = scene.observer.put("Kept", "Anvils")
    undeletable = scene.observer.put("Undeletable", refused)
    for method, path, body in (
        ("POST", COMPANIES, {"name": "Refused", "industry": refused}),
        ("PATCH", f"{COMPANIES}/{kept}", {"name": "Refused", "industry": refused}),
        ("DELETE", f"{COMPANIES}/{undeletable}", None),
    ):
        response = scene.send(method, path, body)
        assert response.status_code == status, (method, response.text)
        assert response.headers["Content-Type"] == PROBLEM
        assert response.json()["status"] == status
    assert (scene.observer.count(), scene.observer.count("Refused")) == (2, 0)


def test_an_exception_after_a_flush_leaves_no_row(scene: Scene) -> None:
    kept = scene.observer.put("Kept", "Anvils")
    stays = scene.observer.put("Stays", "vanish")
    body = {"name": "Vanishes", "industry": "vanish"}
    response = scene.send("POST", COMPANIES, body)
    assert response.status_code == 500, response.text
    assert f"POST {COMPANIES} failed" in scene.service.written()
    # These exceptions are the service's own, and nothing failed before them.
    assert scene.send("PATCH", f"{COMPANIES}/{kept}", body).status_code == 404
    assert scene.send("DELETE", f"{COMPANIES}/{stays}").status_code == 404
    assert (scene.observer.count(), scene.observer.count("%shadow%")) == (2, 0)


def test_a_request_is_one_line_of_the_log(quiet: Scene) -> None:
    """Nor does a server add its own, which would have the query."""
    before = len(quiet.log())
    assert quiet.send("GET", f"{COMPANIES}?limit=1").status_code == 200
    assert quiet.send("GET", "/x%0AINFO:%20/x%1B[2J").status_code == 404
    wait_until(lambda: " 404 " in quiet.log()[before:], why=quiet.log)
    lines = quiet.log()[before:].splitlines()
    found, forged = (line for line in lines if COMPANIES in line or "/x" in line)
    assert re.fullmatch(rf"{LINE}GET {COMPANIES} 200 \d+ ms", found), found
    assert re.fullmatch(rf"{LINE}GET /x%0AINFO:%20/x%1B%5B2J 404 \d+ ms", forged), forged


HANG_UPS = pytest.mark.parametrize("hang_up", [close, reset])


@HANG_UPS
def test_half_of_a_request_is_none(quiet: Scene, hang_up: Callable[[socket.socket], None]) -> None:
    whole = request("POST", COMPANIES, {"name": "Half", "industry": "Halves"})
    for part in (whole[:40], whole[:-10]):
        with connected(quiet.service.url) as connection:
            connection.sendall(part)
            # Sent later, and answered: so the part is there, too.
            assert quiet.send("GET", "/ready").status_code == 200
            hang_up(connection)
    assert quiet.send("GET", "/ready").status_code == 200
    assert quiet.observer.count() == 0


@HANG_UPS
@pytest.mark.parametrize("name", ["slow insert", "slow commit"])
def test_a_client_that_does_not_wait_for_the_database(
    quiet: Scene, name: str, hang_up: Callable[[socket.socket], None]
) -> None:
    """What `ABANDONED` says of the framework, and the log of the request."""
    observer, expected = quiet.observer, ABANDONED[quiet.framework]
    goes_on = expected[("slow insert", "slow commit").index(name)]
    before = len(quiet.logged("POST"))
    with observer.closed_gate(), connected(quiet.service.url) as connection:
        connection.sendall(request("POST", COMPANIES, {"name": name, "industry": "Gates"}))
        wait_until(observer.waiting, why=quiet.log)
        hang_up(connection)
        assert quiet.send("GET", "/ready").status_code == 200
        if not goes_on:
            wait_until(lambda: not observer.waiting(), why=quiet.log)
    wait_until(lambda: not observer.sessions("state <> 'idle'"), why=quiet.log)
    assert observer.count() == goes_on
    wait_until(lambda: len(quiet.logged("POST")) > before, why=quiet.log)
    [line] = quiet.logged("POST")[before:]
    status = "201" if expected.while_a_statement_runs else "cancelled"
    outcome = "committed" if goes_on else "rolled back"
    said = rf"POST {COMPANIES} {status} \d+ ms \(client gone, {outcome}\)"
    if quiet.server == "granian":
        # It does not tell in time.
        said = rf"POST {COMPANIES} 201 \d+ ms"
    assert re.fullmatch(said, line), line


@HANG_UPS
def test_a_client_that_does_not_read_the_answer(
    quiet: Scene, hang_up: Callable[[socket.socket], None]
) -> None:
    observer = quiet.observer
    with connected(quiet.service.url) as connection:
        connection.sendall(request("POST", COMPANIES, {"name": "Unread", "industry": "Post"}))
        wait_until(observer.count, why=quiet.log)
        hang_up(connection)
    assert quiet.send("POST", COMPANIES, {"name": "Unread", "industry": "Post"}).status_code == 409
    assert observer.count() == 1


@HANG_UPS
def test_a_client_that_hangs_up_at_once(
    quiet: Scene, hang_up: Callable[[socket.socket], None]
) -> None:
    """At whatever moment that is noticed, the row is there or can be had, and the log knows."""
    before = len(quiet.logged("POST"))
    bodies = [{"name": f"At once {number}", "industry": "Haste"} for number in range(20)]
    for body in bodies:
        with connected(quiet.service.url) as connection:
            connection.sendall(request("POST", COMPANIES, body))
            hang_up(connection)
    for body in bodies:
        assert quiet.send("POST", COMPANIES, body).status_code in {201, 409}
    assert quiet.observer.count() == len(bodies)
    wait_until(lambda: not quiet.observer.sessions("state <> 'idle'"), why=quiet.log)
    lines = quiet.logged("POST")[before:]
    reported = [line for line in lines if " 201 " in line or "committed" in line]
    assert len(reported) == len(bodies), lines


@HANG_UPS
def test_abandoned_streams_give_their_sessions_back(
    quiet: Scene, hang_up: Callable[[socket.socket], None]
) -> None:
    observer = quiet.observer
    observer.execute(
        "INSERT INTO companies (name, industry, created_at, updated_at)"
        " SELECT n || repeat('x', 100), repeat('y', 120), now(), now()"
        " FROM generate_series(1, 50000) AS n"  # some 20 MB: more than all buffers hold
    )
    export = request("GET", f"{COMPANIES}/export")
    for _ in range(POOL + 1):
        with connected(quiet.service.url) as one, connected(quiet.service.url) as another:
            for connection in (one, another):
                connection.sendall(export)
            for connection in (one, another):
                assert status_of(connection) == 200
            # They hold their sessions, and wait for us to read on.
            wait_until(lambda: observer.sessions("state = 'idle in transaction'") == 2)
            hang_up(one)
            hang_up(another)
        wait_until(lambda: not observer.sessions("state <> 'idle'"), why=quiet.log)
