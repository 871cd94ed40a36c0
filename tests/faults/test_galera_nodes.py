"""Galera: migrators, workers and readers on several nodes, whose locks are each node's own."""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from support.databases.galera import Galera
from support.databases.observer import wait_until
from support.faults.galera_stage import GaleraStage, open_galera_stage
from support.models.migrators import finish, migrator, with_slow_migration
from support.places import OWNERS
from support.projects import Copy, Project, each, running
from support.worker_contract import ENVIRONMENT, check, enqueue

pytestmark = pytest.mark.faults

FIRST = each([("asyncmy", "fastapi")])
WORKERS = each([("asyncmy", "none"), ("aiomysql", "none")])
READS = 300


@pytest.fixture(params=WORKERS)
def worker_stage(
    request: pytest.FixtureRequest,
    installed: Callable[..., Project],
    cluster: Galera,
    tmp_path: Path,
) -> Any:
    """Yield a worker's project and the cluster."""
    with open_galera_stage(installed(request.param), cluster, tmp_path) as stage:
        yield stage


def test_of_six_migrators_on_three_nodes_one_migrates(
    galera_stage: GaleraStage, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    cluster = galera_stage.cluster
    project = with_slow_migration(galera_stage.project, tmp_path, seconds=3)
    migrators = [migrator(project, cluster.url(it % 3)) for it in range(6)]
    ended = [finish(it) for it in migrators]
    ran = sum("migrating" in printed for _, printed in ended)
    figures(f"exit codes of six migrators on three nodes {[it for it, _ in ended]}, {ran} migrated")
    assert [code for code, _ in ended] == [0] * 6, ended
    assert ran == 1
    assert cluster.values("SELECT version_num FROM alembic_version") == [["slow"]] * 3


def test_a_migrator_that_is_killed_leaves_no_lock_on_any_node(
    galera_stage: GaleraStage, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    cluster = galera_stage.cluster
    slow = with_slow_migration(galera_stage.project, tmp_path / "slow", seconds=60)
    quick = with_slow_migration(galera_stage.project, tmp_path / "quick", seconds=0)
    victim = migrator(slow, cluster.url(0))
    with cluster.nodes[0].observing() as observer:
        wait_until(lambda: observer.running("SELECT sleep(60)"))
        waiting = migrator(quick, cluster.url(1))
        assert waiting.stdout is not None
        assert "waiting until it is done" in waiting.stdout.readline()
        observer.rows("DROP TABLE applied_once")
        victim.kill()
        finish(victim)
        killed = time.monotonic()
        code, printed = finish(waiting)
    figures(f"the next one ended with {code}, {time.monotonic() - killed:.1f} s after a kill")
    assert code == 0, printed
    assert cluster.values("SELECT version_num FROM alembic_version") == [["slow"]] * 3


def test_workers_on_two_nodes_do_each_job_once(
    worker_stage: GaleraStage, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    project, cluster = worker_stage.project, worker_stage.cluster
    logs = [tmp_path / f"log{it}" for it in range(2)]
    with ExitStack() as stack:
        for number, log in enumerate(logs):
            # Each looks sooner again than another one can do all jobs.
            env = {"DATABASE_URL": cluster.url(number), "WORKER_POLL_INTERVAL": "0.1"}
            stack.enter_context(running(project, log, **ENVIRONMENT | env))
        wait_until(lambda: all("Working" in it.read_text(encoding="utf-8") for it in logs))
        enqueue(project, cluster.url(2))
        check(project, cluster.url(2))
    workers = cluster.values("SELECT DISTINCT worker FROM jobs WHERE state = 'done'")[2]
    figures(f"the jobs were done by {len(workers)} workers on two nodes")
    assert len(workers) == 2


@pytest.mark.parametrize("worker_stage", WORKERS[:1], indirect=True)
def test_a_long_job_is_left_to_its_worker_by_those_on_other_nodes(
    worker_stage: GaleraStage, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    """They don't see its lock, and what they write to its row would undo it."""
    cluster = worker_stage.cluster
    project = Copy.of(worker_stage.project, tmp_path)
    shutil.copy(OWNERS / "long_jobs.py", project.path / "app" / "owner.py")
    project.replace(
        "app/jobs.py", '    "import_companies"', '    **OWNERS,\n    "import_companies"'
    )
    project.replace("app/jobs.py", "\n\nHANDLERS", "\nfrom app.owner import OWNERS\n\nHANDLERS")
    place = tmp_path / "job"
    place.mkdir()
    payload = f'{{"directory": "{place}"}}'
    project.succeed(
        *(project.python, "-m", "app", "jobs", "add", "rest", payload), DATABASE_URL=cluster.url(2)
    )
    with ExitStack() as stack:
        for number in range(2):
            env = ENVIRONMENT | {"DATABASE_URL": cluster.url(number)}
            stack.enter_context(running(project, tmp_path / f"log{number}", **env))
        wait_until((place / "begun").exists)
        (place / "write").touch()
        wait_until((place / "written").exists)
        # Other workers look at the queue again and again.
        time.sleep(5)
        (place / "end").touch()
        query = "SELECT concat(state, ' ', attempts) FROM jobs"
        wait_until(lambda: "queued" not in str(cluster.values(query)))
    done, companies = cluster.values(query)[0], cluster.values("SELECT name FROM companies")[0]
    figures(f"a job of 5 s with workers on two nodes: {done}")
    assert (done, companies) == (["done 1"], ["By the job"])


@pytest.mark.parametrize("galera_stage", FIRST, indirect=True)
def test_a_read_on_another_node_may_be_stale_unless_it_waits(
    galera_stage: GaleraStage, figures: Callable[[str], None]
) -> None:
    one, two, _ = galera_stage.cluster.nodes
    stale = {0: 0, 1: 0}
    took: dict[tuple[int, bool], list[float]] = defaultdict(list)
    with one.observing() as writer, two.observing() as reader:
        writer.rows("CREATE TABLE counters (id INTEGER PRIMARY KEY, value INTEGER)")
        writer.rows("INSERT INTO counters VALUES (1, 0)")
        wait_until(lambda: reader.rows("SELECT value FROM counters"))
        # By turns, since a busy machine has its moods.
        for value in range(1, 2 * READS + 1):
            wait = value % 2
            reader.rows(f"SET SESSION wsrep_sync_wait = {wait}")
            writer.rows("UPDATE counters SET value = %s", value)
            for at_rest in (False, True):
                asked = time.perf_counter()
                seen = reader.value("SELECT value FROM counters")
                took[wait, at_rest].append(time.perf_counter() - asked)
                stale[wait] += seen != value and not at_rest
                wait_until(lambda: reader.value("SELECT value FROM counters") == value)  # noqa: B023  at once
    fast, slow = ([median(took[wait, rest]) for rest in (False, True)] for wait in (0, 1))
    figures(
        f"of {READS} reads right after a write on another node {stale[0]} were stale, with"
        f" wsrep_sync_wait {stale[1]}; that takes {slow[0] / fast[0]:.1f} times as long, and"
        f" {slow[1] / fast[1]:.1f} times once the write is there, as medians"
    )
    assert stale[1] == 0
