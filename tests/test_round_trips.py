"""What a request costs in round trips to the database: exact, whatever else the machine does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from operator import sub
from pathlib import Path

import httpx2
import pytest
from support.bake import WEB_FRAMEWORKS
from support.databases.observer import Observer, observing
from support.databases.postgres_proxy import Counts, postgres_proxy
from support.http.contract import COMPANIES
from support.projects import Project, each, migrated_database, serving

pytestmark = pytest.mark.projects

VARIANTS = [
    *(("asyncpg", framework) for framework in WEB_FRAMEWORKS),
    ("psycopg", WEB_FRAMEWORKS[0]),
]
BATCH = 500
"""Rows that an export fetches at a time: EXPORT_BATCH in app/companies/queries.py."""
FILL = """
TRUNCATE companies CASCADE;
INSERT INTO companies (name, industry, created_at, updated_at)
    SELECT n, 'Counting', now(), now() FROM generate_series(1, {rows}) AS n;
"""
WARM = 20
"""Requests after which a driver has prepared what it is going to prepare (psycopg: 5)."""
REST = 1.0
"""Seconds after which a connection is asked whether it lives, in a round trip more."""


@dataclass(frozen=True)
class Wire:
    """A service, and what passes between it and its database."""

    driver: str
    observer: Observer
    client: httpx2.Client
    counts: Counts

    @property
    def of_a_write(self) -> tuple[int, int, int]:
        """What BEGIN, a statement and COMMIT cost.

        psycopg sends BEGIN together with the statement, and as one that is parsed.
        """
        return (0, 2, 1) if self.driver == "psycopg" else (0, 3, 0)

    def cost(self, request: Callable[[int], httpx2.Response]) -> set[tuple[int, int, int]]:
        """Return the connections, round trips and parsed statements of a warm request."""
        costs, last = set(), 0.0
        for number in range(WARM * 2):
            before = self.counts.snapshot()
            response = request(number)
            assert response.is_success, response.text
            after, now = self.counts.snapshot(), time.monotonic()
            # A connection that rested in between was asked whether it lives.
            if number >= WARM and now - last < REST:
                connections, round_trips, parsed = map(sub, after, before)
                costs.add((connections, round_trips, parsed))
            last = now
        return costs


@pytest.fixture(scope="module", params=each(VARIANTS))
def wire(
    request: pytest.FixtureRequest,
    installed: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Wire]:
    """Yield a service behind a proxy that counts."""
    project, directory = installed(request.param), tmp_path_factory.mktemp("wire")
    with open_wire(project, directory) as wire:
        yield wire


@contextmanager
def open_wire(project: Project, directory: Path, **env: str) -> Iterator[Wire]:
    """Yield a service with such settings behind a proxy that counts."""
    with (
        migrated_database(project, directory) as url,
        observing(url) as observer,
        postgres_proxy(url) as proxy,
        serving(project, directory / "log", DATABASE_URL=proxy.url, **env) as service,
        httpx2.Client(base_url=service.url, timeout=60) as client,
    ):
        yield Wire(project.driver, observer, client, proxy.counts)


def test_a_read_takes_one_round_trip(wire: Wire) -> None:
    path = add(wire, "Read").headers["Location"]
    assert wire.cost(lambda _: wire.client.get(path)) == {(0, 1, 0)}


def test_a_page_takes_one_round_trip(wire: Wire) -> None:
    add(wire, "Page")
    assert wire.cost(lambda _: wire.client.get(COMPANIES)) == {(0, 1, 0)}


def test_a_customer_and_its_company_take_one_round_trip(wire: Wire) -> None:
    path = add_customer(wire, "Read a customer").headers["Location"]
    assert wire.client.get(path).json()["company"]["name"] == "Read a customer"
    assert wire.cost(lambda _: wire.client.get(path)) == {(0, 1, 0)}


def test_a_page_by_name_takes_one_round_trip(wire: Wire) -> None:
    for _ in range(2):
        customer = add_customer(wire, "Page by name")
    path = f"{COMPANIES}/{customer.json()['company_id']}/customers"
    after = wire.client.get(path, params={"limit": 1}).json()["next"]
    assert wire.cost(lambda _: wire.client.get(path, params={"after": after})) == {(0, 1, 0)}


def test_an_insert_takes_three_round_trips_or_two(wire: Wire) -> None:
    """BEGIN, INSERT … RETURNING, COMMIT."""
    assert wire.cost(lambda number: add(wire, f"Insert {number}")) == {wire.of_a_write}


def test_an_update_takes_three_round_trips_or_two(wire: Wire) -> None:
    """BEGIN, UPDATE … RETURNING, COMMIT: the row is not read before."""
    path = add(wire, "Update").headers["Location"]
    cost = wire.cost(lambda number: wire.client.patch(path, json={"industry": f"No {number}"}))
    assert cost == {wire.of_a_write}


def test_a_deletion_takes_three_round_trips_or_two(wire: Wire) -> None:
    """BEGIN, DELETE, COMMIT."""
    paths = [add(wire, f"Delete {number}").headers["Location"] for number in range(WARM * 2)]
    assert wire.cost(lambda number: wire.client.delete(paths[number])) == {wire.of_a_write}


@pytest.mark.parametrize("batches", [1, 3])
def test_an_export_takes_one_round_trip_a_batch_and_two_around_them(
    wire: Wire, batches: int
) -> None:
    """BEGIN, and COMMIT: with ROLLBACK psycopg would forget what it has prepared."""
    fill(wire, batches * BATCH - 1)
    cost = wire.cost(lambda _: wire.client.get(f"{COMPANIES}/export"))
    _, begun_and_committed, parsed = wire.of_a_write
    assert cost == {(0, begun_and_committed - 1 + batches, parsed)}


@pytest.mark.parametrize("project", each([VARIANTS[0], VARIANTS[-1]]), indirect=True)
def test_behind_pgbouncer_asyncpg_asks_twice(project: Project, tmp_path: Path) -> None:
    """It describes each statement before it runs it: docs/decisions/0049."""
    # psycopg sends BEGIN with the first statement, there too.
    of_a_read, of_an_insert = {"asyncpg": (2, 4), "psycopg": (1, 2)}[project.driver]
    with open_wire(project, tmp_path, DB_POOLER="pgbouncer") as wire:
        path = add(wire, "Read").headers["Location"]
        reads = wire.cost(lambda _: wire.client.get(path))
        inserts = wire.cost(lambda number: add(wire, f"Insert {number}"))
    assert {trips for _, trips, _ in reads} == {of_a_read}
    assert {trips for _, trips, _ in inserts} == {of_an_insert}


def test_requests_at_once_open_no_connection(wire: Wire) -> None:
    path = add(wire, "At once").headers["Location"]
    with ThreadPoolExecutor(16) as threads:
        before = wire.counts.connections
        statuses = set(threads.map(lambda _: wire.client.get(path).status_code, range(160)))
    assert (statuses, wire.counts.connections - before) == ({200}, 0)


def fill(wire: Wire, rows: int) -> None:
    """Let there be so many companies, and no others."""
    wire.observer.execute(FILL.format(rows=rows))


def add_customer(wire: Wire, company: str) -> httpx2.Response:
    """Add a customer to a company, and the company if it is not there."""
    wire.client.post(COMPANIES, json={"name": company, "industry": "Counting"})
    found = wire.client.get(COMPANIES, params={"limit": 200}).json()["items"]
    [id_] = [it["id"] for it in found if it["name"] == company]
    customer = {"name": "Ines", "email": "ines@example.com"}
    response = wire.client.post(f"{COMPANIES}/{id_}/customers", json=customer)
    assert response.status_code == 201, response.text
    return response


def add(wire: Wire, name: str) -> httpx2.Response:
    """Add a company."""
    response = wire.client.post(COMPANIES, json={"name": name, "industry": "Counting"})
    assert response.status_code == 201, response.text
    return response
