"""The primary is lost, or is one no more, and writes go to the one that took its place."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from support.databases.observer import APPLICATION, observing, obstructing, wait_until
from support.faults.load import Load, load
from support.faults.pair import BOUND, CONNECT_TIMEOUT, SETTINGS, Pair, names_on, open_pair
from support.http.contract import COMPANIES
from support.projects import Project

pytestmark = pytest.mark.faults

POOL_SIZE = 10
"""What DB_POOL_SIZE and DB_PREWARM are by default."""
SCHEDULING = 2
"""Seconds that we allow for a machine with other things to do."""


@pytest.fixture
def pair(project: Project, tmp_path: Path) -> Iterator[Pair]:
    """Yield a primary and its standby, in front of a project."""
    with open_pair(project, tmp_path) as pair:
        yield pair


def resumed(asked: Load, promoted: float) -> float:
    """Wait until something was added after `promoted`, and return how long it took."""
    wait_until(lambda: asked.added(after=promoted))
    return asked.resumed(promoted)


def took_over(asked: Load, pair: Pair, took: float, settled: float) -> str:
    """Check that writes resumed in time and that no row is lost, and return the figures."""
    missing = asked.acknowledged() - names_on(pair.standby)
    asked.assert_only_unavailable()
    assert took < BOUND + SCHEDULING
    assert asked.statuses(after=settled).keys() == {200, 201}
    assert not missing
    return (
        f"writes again {took:.2f} s after the promotion (bound {BOUND} s), answers"
        f" {dict(asked.statuses())}, acknowledged rows that are missing: {len(missing)}"
    )


def test_the_standby_takes_over(pair: Pair, figures: Callable[[str], None]) -> None:
    with (
        pair.stage.service("--workers", "2", DATABASE_URL=pair.url, **SETTINGS) as service,
        load(service.url) as asked,
    ):
        wait_until(lambda: asked.added() > 50)
        pair.primary.stop("immediate")
        lost = time.monotonic()
        # Long enough for everyone to notice that nobody takes writes.
        wait_until(lambda: asked.statuses(after=lost)[503] > 50)
        pair.standby.promote()
        promoted = time.monotonic()
        took = resumed(asked, promoted)
        wait_until(lambda: asked.added(after=promoted) > 50)
        settled = time.monotonic()
        wait_until(lambda: asked.added(after=settled) > 50)
    figures(took_over(asked, pair, took, settled))


def test_a_primary_that_takes_no_writes_any_more_is_left(
    pair: Pair, figures: Callable[[str], None]
) -> None:
    with (
        pair.stage.service(DATABASE_URL=pair.url, **SETTINGS) as service,
        load(service.url) as asked,
    ):
        wait_until(lambda: asked.added() > 50)
        with observing(pair.primary.database_url) as observer:
            observer.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            observer.execute("SELECT pg_reload_conf()")
        pair.standby.promote()
        promoted = time.monotonic()
        took = resumed(asked, promoted)
        settled = time.monotonic()
        wait_until(lambda: asked.added(after=settled) > 50)
    figures(took_over(asked, pair, took, settled))


def test_at_rest_a_demoted_primary_costs_one_request(
    pair: Pair, figures: Callable[[str], None]
) -> None:
    """However many connections to it there are: the first write that is refused replaces all."""
    env = SETTINGS | {"DB_APPLICATION_NAME": APPLICATION, "DB_LOCK_TIMEOUT": "60"}
    with (
        pair.stage.service(DATABASE_URL=pair.url, **env) as service,
        httpx2.Client(base_url=service.url, timeout=60) as client,
        ThreadPoolExecutor(POOL_SIZE) as threads,
    ):

        def add(name: str) -> httpx2.Response:
            return client.post(COMPANIES, json={"name": name, "industry": "Anvils"})

        with observing(pair.primary.database_url) as observer:
            wait_until(lambda: observer.sessions() == POOL_SIZE)
            observer.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            observer.execute("SELECT pg_reload_conf()")
            wait_until(lambda: observer.value("SHOW default_transaction_read_only") == "on")
        pair.standby.promote()
        refused = add("Acme")
        # Each connection of the pool is used: all writes are under way before one of them is done.
        with obstructing(pair.standby.database_url) as observer, observer.closed_gate():
            asked = [threads.submit(add, f"slow insert {it}") for it in range(POOL_SIZE)]
            wait_until(lambda: observer.waiting() + sum(it.done() for it in asked) == POOL_SIZE)
        statuses = Counter(it.result().status_code for it in asked)
    figures(
        f"answers with {POOL_SIZE} connections at rest: {refused.status_code} to one write,"
        f" {dict(statuses)} to as many at once"
    )
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert statuses == {201: POOL_SIZE}


def test_the_old_primary_returns_as_a_standby(pair: Pair, figures: Callable[[str], None]) -> None:
    with (
        pair.stage.service(DATABASE_URL=pair.url, **SETTINGS) as service,
        load(service.url) as asked,
    ):
        wait_until(lambda: asked.added() > 50)
        pair.primary.stop("fast")
        pair.standby.promote()
        promoted = time.monotonic()
        took = resumed(asked, promoted)
        pair.primary.follow(pair.standby)
        pair.primary.start()
        returned = time.monotonic()
        wait_until(lambda: asked.added(after=returned) > 50)
    figures(f"writes again {took:.2f} s after the promotion, answers {dict(asked.statuses())}")
    asked.assert_only_unavailable()
    assert took < BOUND + SCHEDULING
    assert asked.statuses(after=returned).keys() == {200, 201}
    wait_until(lambda: asked.acknowledged() <= names_on(pair.primary))


def test_a_host_that_says_nothing_costs_no_more_than_its_timeout(
    pair: Pair, figures: Callable[[str], None]
) -> None:
    project = pair.stage.project
    took = {}
    with pair.primary.frozen():
        pair.standby.promote()
        for command in [("app", "doctor"), ("alembic", "upgrade", "head")]:
            begun = time.monotonic()
            said = project.succeed(
                project.python, "-m", *command, DATABASE_URL=pair.url, **SETTINGS
            )
            took[command[0]] = round(time.monotonic() - begun, 1)
            assert pair.url.partition("@")[0].rpartition(":")[2] not in said
    figures(f"seconds with the first of two hosts frozen for {CONNECT_TIMEOUT} s each time: {took}")
