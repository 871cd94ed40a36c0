"""What the README says of the usual template and of projects, seen on both, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import sub
from pathlib import Path

import httpx2
import pytest
from support.bake import TEMPLATE
from support.databases.observer import Observer, obstructing, wait_until
from support.databases.postgres_proxy import Proxy, postgres_proxy
from support.documents import rows
from support.http.contract import COMPANIES
from support.projects import Project, free_port, launched, migrated_database, serving

pytestmark = pytest.mark.projects

USUAL = ("-m", "uvicorn", "--app-dir", str(TEMPLATE / "benchmarks"), "usual:app", "--port")
WARM = 10
"""Requests after which all is prepared."""


@dataclass(frozen=True)
class Contestant:
    """A service, the database behind it, and what passes between them."""

    client: httpx2.Client
    observer: Observer
    proxy: Proxy
    log: Path


@pytest.fixture(scope="module", params=["usual", "ours"])
def contestant(
    request: pytest.FixtureRequest,
    installed: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Contestant]]:
    """Yield the usual template, and then a project, in the same environment."""
    project = installed(("asyncpg", "fastapi"))
    directory = tmp_path_factory.mktemp("contestant")
    log = directory / "log"
    with (
        migrated_database(project, directory) as url,
        obstructing(url) as observer,
        postgres_proxy(url) as proxy,
        served(request.param, project, log, proxy.url) as address,
        httpx2.Client(
            base_url=address, timeout=60, limits=httpx2.Limits(max_keepalive_connections=0)
        ) as client,
    ):
        yield request.param, Contestant(client, observer, proxy, log)


@contextmanager
def served(name: str, project: Project, log: Path, url: str) -> Iterator[str]:
    """Yield the address of a service on the database at `url`."""
    if name == "ours":
        with serving(project, log, DATABASE_URL=url) as service:
            yield service.url
        return
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with (
        log.open("wb") as output,
        launched(project, output, *USUAL, str(port), DATABASE_URL=url),
    ):
        wait_until(lambda: answers(address), why=lambda: log.read_text(encoding="utf-8"))
        yield address


def answers(address: str) -> bool:
    """Tell whether a service is there."""
    try:
        return httpx2.get(f"{address}/health").is_success
    except httpx2.TransportError:
        return False


def said(row: str, name: str) -> str:
    """Return what the README says in a row of its table."""
    found = {it[0]: it[1:3] for it in rows("README.md", "what")}
    return found[row][name == "ours"]


def add(contestant: Contestant, name: str, industry: str = "Fairness") -> httpx2.Response:
    """Ask for a company."""
    return contestant.client.post(COMPANIES, json={"name": name, "industry": industry})


def log(contestant: Contestant) -> str:
    """Return all that a service has printed so far."""
    return contestant.log.read_text(encoding="utf-8")


def settled(proxy: Proxy) -> tuple[int, int, int]:
    """Return what has passed once nothing more passes: some do not commit before they answer."""
    while True:
        before = proxy.counts.snapshot()
        time.sleep(0.3)
        if proxy.counts.snapshot() == before:
            return before


def test_round_trips_of_a_read(contestant: tuple[str, Contestant]) -> None:
    name, it = contestant
    path = f"{COMPANIES}/{add(it, 'Read').json()['id']}"
    for _ in range(WARM):
        it.client.get(path)
    before = settled(it.proxy)
    assert it.client.get(path).is_success
    _, round_trips, _ = map(sub, settled(it.proxy), before)
    assert str(round_trips) == said("round trips to read a row", name)


def test_a_commit_that_fails(contestant: tuple[str, Contestant]) -> None:
    name, it = contestant
    response = add(it, "Refused", "refuse 23514")
    assert not it.observer.count("Refused")
    assert said("a COMMIT that fails", name).startswith(f"the client reads {response.status_code}")


def test_a_name_that_is_taken(contestant: tuple[str, Contestant]) -> None:
    name, it = contestant
    add(it, "Twice")
    assert said("a name that is taken", name).startswith(str(add(it, "Twice").status_code))


def test_values_of_rows_in_the_log(contestant: tuple[str, Contestant]) -> None:
    """Of an INSERT that fails in a way that nobody foresaw, and that both log."""
    name, it = contestant
    it.observer.execute("ALTER TABLE companies ADD CHECK (name <> 'Unforeseen')")
    assert add(it, "Unforeseen", "secret words").status_code == 500

    # The log is in order: once it has this request, it has all of the one before.
    it.client.get("/the-end")
    wait_until(lambda: "/the-end" in log(it), why=lambda: log(it))
    assert "INSERT INTO companies" in log(it)
    shown = {True: "yes", False: "no"}["secret words" in log(it)]
    assert said("values of rows in the log of an error", name) == shown
