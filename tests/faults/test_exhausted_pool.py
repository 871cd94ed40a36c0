"""All connections are in use: who finds none in time is told so, and nobody else is harmed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest
from support.databases.observer import obstructing, wait_until
from support.faults.silence import (
    POOL,
    POOL_TIMEOUT,
    SETTINGS,
    ask,
    ask_at_once,
    assert_unavailable,
    health_watched,
    statuses,
)
from support.faults.stage import Stage
from support.http.contract import COMPANIES

pytestmark = pytest.mark.faults

CLIENTS = 4 * POOL
# They wait for as long as we like.
PATIENT = {"DB_STATEMENT_TIMEOUT": "60", "DB_LOCK_TIMEOUT": "60"}


def test_an_exhausted_pool(stage: Stage, figures: Callable[[str], None]) -> None:
    bodies = [{"name": f"slow insert {it}", "industry": "Gates"} for it in range(CLIENTS)]
    with (
        stage.service(**SETTINGS | PATIENT) as service,
        health_watched(service.url),
        obstructing(stage.postgres.database_url) as observer,
        ThreadPoolExecutor(CLIENTS) as threads,
    ):
        with observer.closed_gate():
            asked = [threads.submit(ask, service.url, COMPANIES, body) for body in bodies]
            done = as_completed(asked)
            refused = [next(done).result() for _ in range(CLIENTS - POOL)]
            waiting, open_ = observer.waiting(), observer.sessions()
        added = [answer.result() for answer in done]
        after = ask_at_once(service.url, CLIENTS)
        wait_until(lambda: not observer.sessions("state <> 'idle'"))
        assert observer.count() == POOL
    slowest = assert_unavailable(refused, within=POOL_TIMEOUT)
    fastest = min(answer.seconds for answer in refused)
    figures(
        f"{POOL} connections and {CLIENTS} requests: {len(added)} added,"
        f" {len(refused)} refused after {fastest:.1f} to {slowest:.1f} s"
    )
    assert (waiting, open_) == (POOL, POOL)
    assert statuses(added) == {201: POOL}
    assert fastest >= POOL_TIMEOUT
    assert statuses(after) == {200: CLIENTS}
