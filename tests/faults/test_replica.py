"""With DATABASE_READ_URL reads go to a replica, and writes do not need it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from support.databases.observer import APPLICATION, observing, wait_until
from support.databases.postgres_server import PostgresServer
from support.faults.pair import SETTINGS, Pair, open_pair
from support.http.contract import COMPANIES
from support.projects import Project

pytestmark = pytest.mark.faults

PREWARM = 3
"""What DB_PREWARM is set to."""


@pytest.fixture
def pair(project: Project, tmp_path: Path) -> Iterator[Pair]:
    """Yield a primary that does not wait for its standby."""
    with open_pair(project, tmp_path) as pair:
        with observing(pair.primary.database_url) as observer:
            observer.execute("ALTER SYSTEM RESET synchronous_standby_names")
            observer.execute("SELECT pg_reload_conf()")
        yield pair


@pytest.fixture
def addresses(pair: Pair) -> dict[str, str]:
    """Return settings for writes on the primary and reads on the standby."""
    return {
        "DATABASE_URL": pair.primary.database_url,
        "DATABASE_READ_URL": pair.standby.database_url,
        "DB_PREWARM": str(PREWARM),
        **SETTINGS,
    }


def sessions_on(server: PostgresServer) -> int:
    """Return how many connections the service has to a server."""
    with observing(server.database_url) as observer:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1"
        return int(observer.value(query, APPLICATION))


def test_reads_go_to_the_replica(
    pair: Pair, addresses: dict[str, str], figures: Callable[[str], None]
) -> None:
    with (
        pair.stage.service(**addresses) as service,
        httpx2.Client(base_url=service.url, timeout=60) as client,
        observing(pair.standby.database_url) as replica,
    ):

        def listed() -> list[str]:
            return [it["name"] for it in client.get(COMPANIES).json()["items"]]

        def exported() -> int:
            return len(client.get(f"{COMPANIES}/export").content.splitlines())

        connections = [sessions_on(server) for server in (pair.primary, pair.standby)]
        replica.execute("SELECT pg_wal_replay_pause()")
        wait_until(lambda: replica.value("SELECT pg_get_wal_replay_pause_state()") == "paused")
        added = client.post(COMPANIES, json={"name": "Acme", "industry": "Anvils"})
        assert (added.status_code, listed(), exported()) == (201, [], 0)
        # Who writes reads the primary.
        changed = client.patch(added.headers["Location"], json={"industry": "Rockets"})
        assert changed.json()["industry"] == "Rockets"
        replica.execute("SELECT pg_wal_replay_resume()")
        wait_until(lambda: listed() == ["Acme"])
        assert exported() == 1
        service.stop()
    left = [sessions_on(server) for server in (pair.primary, pair.standby)]
    figures(f"connections to primary and replica: {connections} at start, {left} in the end")
    assert (connections, left) == ([PREWARM, PREWARM], [0, 0])


def test_without_the_replica_only_reads_fail(
    pair: Pair, addresses: dict[str, str], figures: Callable[[str], None]
) -> None:
    with (
        pair.stage.service(**addresses) as service,
        httpx2.Client(base_url=service.url, timeout=60) as client,
    ):

        def statuses(name: str) -> list[int]:
            company = {"name": name, "industry": "Anvils"}
            written = client.post(COMPANIES, json=company).status_code
            return [written, client.get(COMPANIES).status_code, client.get("/ready").status_code]

        with_it = statuses("Acme")
        pair.standby.stop("immediate")
        without = [statuses("Bolt"), statuses("Cog")]
        pair.standby.start()
        again = statuses("Dynamo")
    figures(f"write, read, /ready: {with_it} with it, {without} without it, then {again}")
    assert with_it == again == [201, 200, 200]
    assert without == [[201, 503, 503]] * 2


def test_several_replicas_may_end_with_the_primary(
    pair: Pair, addresses: dict[str, str], figures: Callable[[str], None]
) -> None:
    both = addresses | {"DATABASE_READ_URL": pair.url}
    with (
        pair.stage.service(**both) as service,
        httpx2.Client(base_url=service.url, timeout=60) as client,
    ):
        # The primary is the first of them, and yet the standby is preferred.
        connections = [sessions_on(server) for server in (pair.primary, pair.standby)]
        pair.standby.stop("immediate")
        answers = [client.get(COMPANIES).status_code for _ in range(5)]
    figures(f"connections {connections}; reads once the replica is gone: {answers}")
    assert connections == [PREWARM, PREWARM]
    assert answers == [200] * 5


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["doctor"]], ids=["serve", "doctor"])
def test_a_start_without_the_replica_says_so(
    pair: Pair, addresses: dict[str, str], command: list[str], figures: Callable[[str], None]
) -> None:
    pair.standby.stop("immediate")
    project = pair.stage.project
    done = project.run(project.python, "-m", "app", *command, **addresses)
    [sentence] = done.stderr.strip().splitlines()
    figures(f"{command[0]} ends with {done.returncode}: {sentence}")
    assert done.returncode == 1
    assert f":{pair.standby.port}" in sentence
    assert "DATABASE_READ_URL" in sentence
    password = pair.url.partition("@")[0].rpartition(":")[2]
    assert password not in done.stdout + done.stderr
