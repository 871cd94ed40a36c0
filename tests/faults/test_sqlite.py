"""SQLite: a crash tears nothing, and a locked file is not for ever."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx2
import psutil
import pytest
from support.databases.observer import wait_until
from support.faults.load import Load, load
from support.faults.sqlite_stage import SQLiteStage
from support.http.contract import COMPANIES
from support.projects import Service

pytestmark = pytest.mark.faults

BUSY_TIMEOUT = 1
POOL = 4
SCHEDULING = 3
"""Seconds that a busy machine may add to a limit."""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL and no groups")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_service_that_is_killed_tears_nothing(
    sqlite_stage: SQLiteStage, workers: int, figures: Callable[[str], None]
) -> None:
    with sqlite_stage.service(workers) as service, load(service.url) as done:
        _wait_for_more(done)
        os.killpg(service.process.pid, signal.SIGKILL)
        service.process.wait()
    figures(_check(sqlite_stage, done))
    with sqlite_stage.service(workers) as service:
        response = httpx2.post(service.url + COMPANIES, json={"name": "After", "industry": "All"})
    assert response.status_code == 201


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_worker_that_is_killed_holds_nobody_up(
    sqlite_stage: SQLiteStage, figures: Callable[[str], None]
) -> None:
    """Not even if it held the lock: the system gives that back."""
    with sqlite_stage.service(2) as service, load(service.url) as done:
        for _ in range(3):
            _wait_for_more(done)
            _busiest_worker(service).kill()
        _wait_for_more(done)
    figures(f"{dict(done.statuses())}; {_check(sqlite_stage, done)}")
    # What it had in hand got no answer; there is no other failure.
    assert done.statuses().keys() == {0, 200, 201}


def _busiest_worker(service: Service) -> psutil.Process:
    children = psutil.Process(service.process.pid).children()
    return max(children, key=lambda it: len(it.net_connections()))


def _wait_for_more(done: Load) -> None:
    before = len(done.acknowledged())
    wait_until(lambda: len(done.acknowledged()) > before + 50)


def _check(sqlite_stage: SQLiteStage, done: Load) -> str:
    added, there = done.acknowledged(), sqlite_stage.names()
    assert not added - there
    assert not there - {it.name for it in done.answers}
    return f"{len(added)} added, {len(added - there)} lost, {len(there - added)} unanswered"


@pytest.mark.parametrize("mode", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_locked_database_is_a_503_in_time(
    sqlite_stage: SQLiteStage, mode: str, figures: Callable[[str], None]
) -> None:
    """And readers don't notice, as long as writers leave them a connection."""
    env = {"DB_BUSY_TIMEOUT": str(BUSY_TIMEOUT), "DB_POOL_SIZE": str(POOL)}
    with (
        sqlite_stage.service(**env) as service,
        closing(sqlite_stage.look()) as connection,
        httpx2.Client(base_url=service.url, timeout=60) as client,
        ThreadPoolExecutor() as threads,
    ):

        def add(name: str) -> httpx2.Response:
            return client.post(COMPANIES, json={"name": name, "industry": "Locks"})

        assert add("Before").status_code == 201
        connection.execute(f"BEGIN {mode}")
        writers = [threads.submit(add, f"Writer {number}") for number in range(POOL - 1)]
        read = [client.get(COMPANIES) for _ in range(5)]
        readers_waited = max(it.elapsed.total_seconds() for it in read)
        still_waiting = sum(not writer.done() for writer in writers)
        refused = [writer.result() for writer in writers]
        connection.execute("ROLLBACK")
        assert add("After").status_code == 201
    waited = [it.elapsed.total_seconds() for it in refused]
    figures(
        f"writers are refused after {min(waited):.2f} to {max(waited):.2f} s, "
        f"readers wait {readers_waited:.2f} s meanwhile"
    )
    assert {(it.status_code, it.headers["Retry-After"]) for it in refused} == {(503, "1")}
    assert min(waited) >= BUSY_TIMEOUT
    assert max(waited) < BUSY_TIMEOUT + SCHEDULING
    assert {it.status_code for it in read} == {200}
    assert still_waiting == POOL - 1
    assert sqlite_stage.names() == {"Before", "After"}
