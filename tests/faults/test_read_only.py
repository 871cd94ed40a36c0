"""A server that stays read-only: writes are answered with 503, and cost no pool each."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from support.databases.observer import APPLICATION
from support.faults.mariadb_stage import MariaDBStage
from support.faults.silence import Timed, ask, ask_at_once, statuses
from support.faults.stage import Stage
from support.http.contract import COMPANIES

pytestmark = pytest.mark.faults

POOL = 10
WRITES = 30
SETTINGS = {"DB_APPLICATION_NAME": APPLICATION, "DB_POOL_SIZE": str(POOL)}


def write_at_once(url: str) -> list[Timed]:
    """Try to add companies, as many at a time as there are connections."""
    bodies = [{"name": f"Acme {it}", "industry": "Anvils"} for it in range(WRITES)]
    with ThreadPoolExecutor(POOL) as threads:
        return list(threads.map(lambda body: ask(url, COMPANIES, body), bodies))


def test_refused_writes_cost_one_pool_of_connections(
    stage: Stage, figures: Callable[[str], None]
) -> None:
    opened = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
    with stage.service(**SETTINGS) as service, stage.observing() as observer:
        ask_at_once(service.url, POOL)
        observer.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        observer.execute("SELECT pg_reload_conf()")
        time.sleep(1.2)  # the statistics have a delay
        before = observer.value(opened)
        answers = write_at_once(service.url)
        time.sleep(1.2)
        new = observer.value(opened) - before
    figures(f"{WRITES} refused writes opened {new} connections, of a pool of {POOL}")
    assert statuses(answers) == {503: WRITES}
    assert all(answer.retry_after for answer in answers)
    assert 1 <= new <= POOL


def test_refused_writes_cost_one_pool_of_connections_to_mariadb(
    mariadb_stage: MariaDBStage, figures: Callable[[str], None]
) -> None:
    mariadb = mariadb_stage.mariadb
    opened = "SELECT variable_value FROM information_schema.global_status"
    opened += " WHERE variable_name = 'CONNECTIONS'"
    with mariadb.observing() as observer:
        observer.rows("CREATE USER plain@'%' IDENTIFIED BY 'plain'")
        observer.rows("GRANT ALL ON test.* TO plain@'%'")
        url = urlsplit(mariadb.database_url)
        plain = url._replace(netloc=f"plain:plain@{url.hostname}:{url.port}").geturl()
        with mariadb_stage.service(DATABASE_URL=plain, **SETTINGS) as service:
            ask_at_once(service.url, POOL)
            observer.rows("SET GLOBAL read_only = 1")
            before = int(observer.value(opened))
            answers = write_at_once(service.url)
            new = int(observer.value(opened)) - before
            assert ask(service.url).status == 200
    figures(f"{WRITES} refused writes opened {new} connections, of a pool of {POOL}")
    assert statuses(answers) == {503: WRITES}
    assert all(answer.retry_after for answer in answers)
    assert 1 <= new <= POOL
