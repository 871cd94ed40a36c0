"""Many instances share few connections: PgBouncer keeps them below the server's max_connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.background import background
from support.databases.observer import observing, wait_until
from support.databases.pgbouncer import pgbouncer
from support.faults.load import load
from support.faults.stage import Stage, open_stage
from support.projects import Project

pytestmark = pytest.mark.faults

MAX_CONNECTIONS = 16
POOL = 12
"""The connections of PgBouncer: the server keeps three for superusers, and others come as well."""
INSTANCES, WORKERS, EACH = 4, 2, 10
"""Services, their processes, and the connections of each process (DB_POOL_SIZE)."""
POOLED = {"DB_POOLER": "pgbouncer", "DB_POOL_SIZE": str(EACH)}


def test_many_instances_share_few_connections(
    project: Project, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    most = 0

    def count(stop: threading.Event) -> None:
        nonlocal most
        query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        with observing(stage.postgres.database_url) as observer:
            while not stop.wait(0.02):
                most = max(most, observer.value(query) - 1)

    with (
        open_stage(project, tmp_path, max_connections=str(MAX_CONNECTIONS)) as stage,
        pgbouncer(stage.postgres.database_url, default_pool_size=str(POOL)) as url,
        ExitStack() as stack,
    ):
        directly = project.run(
            *(project.python, "-m", "app", "serve", "--port", "0", "--workers", str(WORKERS)),
            DATABASE_URL=stage.postgres.database_url,
        )
        stack.enter_context(background(count))
        loads = []
        for number in range(INSTANCES):
            options = ("--workers", str(WORKERS))
            each = Stage(project, stage.postgres, tmp_path / str(number))
            each.directory.mkdir()
            service = stack.enter_context(each.service(*options, DATABASE_URL=url, **POOLED))
            loads.append(stack.enter_context(load(service.url, clients=8)))
        begun = time.monotonic()
        wait_until(lambda: all(len(it.answers) > 200 for it in loads))
        statuses = [dict(it.statuses(after=begun)) for it in loads]
    figures(
        f"{INSTANCES} x {WORKERS} x {EACH} connections to PgBouncer, {most} at most to the server,"
        f" which has {MAX_CONNECTIONS}; answers {statuses}"
    )
    assert directly.returncode == 1, "without PgBouncer one instance would have been too many"
    assert 1 <= most <= POOL
    assert all(it.keys() <= {200, 201, 409} for it in statuses)
