"""MariaDB does not work for those who have left."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from support.databases.observer import wait_until
from support.faults.mariadb_stage import MariaDBStage
from support.http.contract import COMPANIES
from support.http.raw_http import connected, request

pytestmark = pytest.mark.faults

RETRY_AFTER = "1"
STATEMENT_TIMEOUT = 1
SCHEDULING = 3
"""Seconds that a busy machine may add to a limit."""
SLEEP = """
from app.event_loop import run
import asyncio
from sqlalchemy import text
from app.kit.db.engine import open_engine
from app.settings import Settings

async def main():
    async with open_engine(Settings()) as engine:
        try:
            async with asyncio.timeout(0.2), engine.connect() as connection:
                await connection.execute(text("SELECT SLEEP(30)"))
        except TimeoutError:
            print("cancelled", flush=True)

run(main())
"""


def test_the_server_ends_the_statement_of_an_abandoned_request(
    mariadb_stage: MariaDBStage, figures: Callable[[str], None]
) -> None:
    env = {"DB_STATEMENT_TIMEOUT": str(STATEMENT_TIMEOUT), "DB_LOCK_TIMEOUT": "60"}
    rename = {"name": "Renamed"}
    with mariadb_stage.service(**env) as service, mariadb_stage.mariadb.observing() as observer:
        company = {"name": "Locked", "industry": "Locks"}
        where = httpx2.post(service.url + COMPANIES, json=company).headers["Location"]
        # The lock stays until the end: so what ends before was ended.
        observer.rows("START TRANSACTION")
        observer.rows("SELECT id FROM companies WHERE name = 'Locked' FOR UPDATE")
        with connected(service.url) as connection:
            connection.sendall(request("PATCH", where, rename))
            wait_until(lambda: observer.running("UPDATE companies"))
            left = time.monotonic()
        wait_until(lambda: not observer.running("UPDATE companies"))
        abandoned = time.monotonic() - left
        # Who stays is told when it ends.
        response = httpx2.patch(service.url + where, json=rename, timeout=60)
        waited = response.elapsed.total_seconds()
        observer.rows("ROLLBACK")
        assert observer.companies() == {"Locked"}
        assert httpx2.patch(service.url + where, json=rename).status_code == 200
    figures(f"ended {abandoned:.2f} s after the client left; who stays waits {waited:.2f} s")
    assert abandoned < STATEMENT_TIMEOUT + SCHEDULING
    assert (response.status_code, response.headers["Retry-After"]) == (503, RETRY_AFTER)
    assert STATEMENT_TIMEOUT <= waited < STATEMENT_TIMEOUT + SCHEDULING


def test_the_server_ends_the_statement_of_a_cancelled_task(
    mariadb_stage: MariaDBStage, figures: Callable[[str], None]
) -> None:
    env = {"DATABASE_URL": mariadb_stage.mariadb.database_url}
    env |= {"DB_STATEMENT_TIMEOUT": str(STATEMENT_TIMEOUT)}
    with mariadb_stage.mariadb.observing() as observer, ThreadPoolExecutor() as threads:
        sleeper = threads.submit(
            mariadb_stage.project.succeed, mariadb_stage.project.python, "-c", SLEEP, **env
        )
        wait_until(lambda: observer.running("SELECT SLEEP"))
        began = time.monotonic()
        wait_until(lambda: not observer.running("SELECT SLEEP"))
        ended = time.monotonic() - began
        assert sleeper.result() == "cancelled\n"
    figures(f"the statement ran for {ended:.2f} s")
    assert ended < STATEMENT_TIMEOUT + SCHEDULING
