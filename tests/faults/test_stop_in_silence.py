"""The service is asked to stop while the server says nothing, and stops."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.databases.observer import obstructing, wait_until
from support.faults.silence import (
    PING,
    POOL,
    SCHEDULING,
    SETTINGS,
    ask,
    assert_quiet,
    fill,
    statuses,
)
from support.faults.stage import Stage
from support.http.contract import COMPANIES
from support.projects import STOP_SIGNALS

pytestmark = pytest.mark.faults

SHUTDOWN, DRAIN = 2, 1
STOPPING = {
    "APP_SHUTDOWN_TIMEOUT": str(SHUTDOWN),
    "DB_DRAIN_TIMEOUT": str(DRAIN),
    # So that nothing ends by itself in time.
    "DB_STATEMENT_TIMEOUT": "30",
    "DB_CONNECT_TIMEOUT": "30",
}
CLOSE = 2 * PING
"""For the statement that is cancelled, or the probe, and for the pool."""


def test_with_an_idle_pool(stage: Stage, figures: Callable[[str], None]) -> None:
    with stage.service(**SETTINGS | STOPPING) as service:
        fill(service.url)
        with stage.postgres.frozen():
            begun = time.monotonic()
            log = service.stop()
            seconds = time.monotonic() - begun
    figures(f"ended {seconds:.1f} s after SIGTERM")
    assert seconds <= PING + SCHEDULING
    assert_quiet(log)


def test_with_requests_and_a_probe_that_wait(stage: Stage, figures: Callable[[str], None]) -> None:
    with (
        stage.service(**SETTINGS | STOPPING) as service,
        obstructing(stage.postgres.database_url) as observer,
        ThreadPoolExecutor(2 * POOL) as threads,
        observer.closed_gate(),
    ):
        fill(service.url)
        bodies = [{"name": f"slow insert {it}", "industry": "Gates"} for it in range(POOL - 1)]
        asked = [threads.submit(ask, service.url, COMPANIES, it) for it in bodies]
        wait_until(lambda: observer.waiting() == POOL - 1)
        with stage.postgres.frozen():
            assert ask(service.url, "/ready").status == 503
            begun = time.monotonic()
            service.process.send_signal(STOP_SIGNALS[0])
            service.process.wait(120)
            seconds = time.monotonic() - begun
        answers = statuses([it.result() for it in asked])
    figures(f"ended {seconds:.1f} s after SIGTERM, with {POOL - 1} requests and a probe waiting")
    assert seconds <= SHUTDOWN + DRAIN + CLOSE + SCHEDULING
    assert not answers.keys() & {200, 201}
