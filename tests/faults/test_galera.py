"""Galera: each node takes writes, COMMIT may fail, and a node that leaves the quorum refuses."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager

import httpx2
import pytest
from support.databases.galera import GaleraNode
from support.databases.observer import wait_until
from support.faults.galera_stage import BOUND, GaleraStage
from support.faults.load import Load, load
from support.http.contract import COMPANIES
from support.projects import each

pytestmark = pytest.mark.faults

FIRST = each([("asyncmy", "fastapi")])
SCHEDULING = 5
"""Seconds that we allow for a machine with other things to do: it runs three servers."""
NAMES = 100


@contextmanager
def killed(node: GaleraNode) -> Iterator[None]:
    """Kill a node, and start it again in the end."""
    node.kill()
    yield
    node.start()


FAULTS: dict[str, Callable[[GaleraNode], AbstractContextManager[None]]] = {
    "killed": killed,
    "frozen": GaleraNode.frozen,
    "isolated": GaleraNode.isolated,
}


def added(asked: Load, *, after: float = 0) -> int:
    """Return how many companies were added of those asked for after a moment."""
    return asked.statuses(after=after)[201]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_node_is_lost_and_another_one_is_taken(
    galera_stage: GaleraStage, fault: str, figures: Callable[[str], None]
) -> None:
    cluster = galera_stage.cluster
    with galera_stage.service() as service, load(service.url) as asked:
        wait_until(lambda: added(asked) > 50)
        lost = time.monotonic()
        with FAULTS[fault](cluster.nodes[0]):
            wait_until(lambda: added(asked, after=lost) > 50)
            done = [it.received for it in asked.answers if it.status == 201]
        returned = time.monotonic()
        wait_until(lambda: added(asked, after=returned) > 50)
    took = max(later - sooner for sooner, later in zip([lost, *done], done, strict=False))
    on_nodes = cluster.names()
    missing = [len(asked.acknowledged() - {*names}) for names in on_nodes]
    figures(
        f"{fault}: no write for {took:.1f} s at most (bound {BOUND} s), answers"
        f" {dict(asked.statuses())}, acknowledged rows missing on each node {missing}"
    )
    assert asked.statuses().keys() <= {200, 201, 503}
    assert all(it.retry_after for it in asked.answers if it.status == 503)
    assert took < BOUND + SCHEDULING
    assert missing == [0, 0, 0]
    assert on_nodes[0] == on_nodes[1] == on_nodes[2]
    assert len(on_nodes[0]) == len({*on_nodes[0]})


def test_a_name_that_is_taken_on_three_nodes_at_once_is_given_once(
    galera_stage: GaleraStage, figures: Callable[[str], None]
) -> None:
    """Each INSERT succeeds on its node, and then all COMMITs but one fail."""
    with ExitStack() as stack:
        urls = [stack.enter_context(galera_stage.service(node)).url for node in range(3)]
        clients = [stack.enter_context(httpx2.Client(base_url=it, timeout=60)) for it in urls]
        threads = stack.enter_context(ThreadPoolExecutor(3))

        def add(client: httpx2.Client, name: str) -> httpx2.Response:
            return client.post(COMPANIES, json={"name": name, "industry": "Any"})

        answers = {
            name: [*threads.map(add, clients, [name] * 3)]
            for name in (f"Company {it}" for it in range(NAMES))
        }
    statuses = Counter(it.status_code for three in answers.values() for it in three)
    given = {name: sum(it.status_code == 201 for it in three) for name, three in answers.items()}
    on_nodes = galera_stage.cluster.names()
    figures(f"{NAMES} names, each asked for on three nodes at once: answers {dict(statuses)}")
    assert statuses.keys() <= {201, 409, 503}
    assert statuses[503], "no COMMIT has failed: the nodes were not asked at once"
    assert all(
        "Retry-After" in it.headers
        for three in answers.values()
        for it in three
        if it.status_code == 503
    )
    assert max(given.values()) == 1
    there = sorted(name for name, times in given.items() if times)
    assert on_nodes == [there] * 3


def test_a_node_out_of_the_quorum_is_not_ready(
    galera_stage: GaleraStage, figures: Callable[[str], None]
) -> None:
    node = galera_stage.cluster.nodes[0]
    with (
        galera_stage.service(0) as alone,
        galera_stage.service() as service,
        httpx2.Client(base_url=alone.url, timeout=60) as of_one,
        httpx2.Client(base_url=service.url, timeout=60) as of_all,
    ):

        def statuses(client: httpx2.Client, name: str) -> list[int]:
            company = {"name": name, "industry": "Anvils"}
            answers = [client.get("/ready"), client.post(COMPANIES, json=company)]
            answers.append(client.get(COMPANIES))
            assert all("Retry-After" in it.headers for it in answers if it.status_code == 503)
            return [it.status_code for it in answers]

        before = statuses(of_one, "Acme"), statuses(of_all, "Bolt")
        with node.isolated():
            without = statuses(of_one, "Cog")
            first, *more = [statuses(of_all, f"Dynamo {it}") for it in range(3)]
        wait_until(lambda: of_one.get("/ready").status_code == 200)
        after = statuses(of_one, "Engine"), statuses(of_all, "Flange")
    figures(
        f"/ready, write, read: {without} on a node out of the quorum; if others are named"
        f" {first}, then {more}"
    )
    assert before == after == ([200, 201, 200], [200, 201, 200])
    assert without == [503, 503, 503]
    # The first who notices pays.
    assert [it == 503 for it in first].count(True) <= 1
    assert more == [[200, 201, 200]] * 2


@pytest.mark.parametrize("galera_stage", FIRST, indirect=True)
def test_a_node_that_takes_no_writes_is_passed_over(galera_stage: GaleraStage) -> None:
    node, other = galera_stage.cluster.nodes[:2]
    with node.observing() as here, other.observing() as there:
        query = "SELECT count(*) FROM information_schema.processlist WHERE db = 'test'"
        query += " AND id <> CONNECTION_ID()"
        here.rows("SET GLOBAL read_only = 1")
        try:
            with (
                galera_stage.service(),
                galera_stage.service(0, 1, DATABASE_READ_URL=galera_stage.cluster.url(0, 1)),
            ):
                assert (here.value(query), there.value(query)) == (10, 20)
        finally:
            here.rows("SET GLOBAL read_only = 0")


@pytest.mark.parametrize("galera_stage", FIRST, indirect=True)
def test_pages_have_each_row_once_though_ids_have_steps(
    galera_stage: GaleraStage, figures: Callable[[str], None]
) -> None:
    with ExitStack() as stack:
        urls = [stack.enter_context(galera_stage.service(node)).url for node in range(3)]
        clients = [stack.enter_context(httpx2.Client(base_url=it, timeout=60)) for it in urls]
        for number in range(30):
            body = {"name": f"Company {number}", "industry": "Any"}
            assert clients[number % 3].post(COMPANIES, json=body).status_code == 201
        assert len(galera_stage.cluster.names()[2]) == 30
        ids, after = [], ""
        while after is not None:
            page = clients[2].get(COMPANIES, params={"limit": "4", "after": after}).json()
            ids += [it["id"] for it in page["items"]]
            after = page["next"]
    with galera_stage.cluster.nodes[0].observing() as observer:
        step = observer.value("SELECT @@auto_increment_increment")
    figures(f"ids of 30 rows from three nodes, in steps of {step}: {ids[0]} to {ids[-1]}")
    assert step == 3
    assert len(ids) == 30
    assert ids == sorted({*ids})
