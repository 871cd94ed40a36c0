"""MariaDB is killed and comes back, and no client learns more than a 503."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx2
import pytest
from support.databases.observer import wait_until
from support.faults.load import Load, load
from support.faults.mariadb_stage import MariaDBStage
from support.faults.restarts import assert_idle_pool_survives
from support.http.contract import COMPANIES

pytestmark = pytest.mark.faults

OUTAGE = 2
"""Seconds that the server stays away."""
RETRY_AFTER = 1
"""What the service tells its clients, in seconds: then it should work again."""


def test_a_server_that_is_killed_costs_nothing_but_time(
    mariadb_stage: MariaDBStage, figures: Callable[[str], None]
) -> None:
    """Back is when the server greets a connection that is not the service's."""
    with mariadb_stage.mariadb.observing() as observer:
        assert observer.value("SELECT @@innodb_flush_log_at_trx_commit") == 1
    with mariadb_stage.service() as service, load(service.url) as done:
        wait_until(lambda: len(done.acknowledged()) > 50)
        mariadb_stage.mariadb.kill()
        killed = time.monotonic()
        time.sleep(OUTAGE)
        mariadb_stage.mariadb.start()
        back = time.monotonic()
        before = len(done.acknowledged())
        wait_until(lambda: len(done.acknowledged()) > before + 100)
        wait_until(lambda: time.monotonic() > back + 2 * RETRY_AFTER)
    with mariadb_stage.mariadb.observing() as observer:
        there = observer.companies()
    lost = done.acknowledged() - there
    figures(_told(done, killed, back) + f", {len(done.acknowledged())} added, {len(lost)} lost")
    assert not lost
    assert done.statuses().keys() == {200, 201, 503}
    assert all(it.retry_after == str(RETRY_AFTER) for it in done.answers if it.status == 503)
    assert done.statuses(after=back + RETRY_AFTER).keys() == {200, 201}


def _told(done: Load, killed: float, back: float) -> str:
    return (
        f"{dict(done.statuses())}, away for {back - killed:.1f} s, "
        f"last 503 to a request sent {done.last(503) - back:+.2f} s after it was back"
    )


def test_an_idle_pool_survives_a_restart(
    mariadb_stage: MariaDBStage, figures: Callable[[str], None]
) -> None:
    mariadb = mariadb_stage.mariadb
    ends = (mariadb.kill, mariadb.stop)
    with mariadb_stage.service() as service:
        assert_idle_pool_survives(service.url, figures, start=mariadb.start, ends=ends)


def test_a_server_that_takes_no_writes_is_unavailable_to_them(mariadb_stage: MariaDBStage) -> None:
    """As a primary is that was demoted: for all but its administrators."""
    mariadb = mariadb_stage.mariadb
    with mariadb.observing() as observer:
        observer.rows("CREATE USER plain@'%' IDENTIFIED BY 'plain'")
        observer.rows("GRANT ALL ON test.* TO plain@'%'")
        url = urlsplit(mariadb.database_url)
        plain = url._replace(netloc=f"plain:plain@{url.hostname}:{url.port}").geturl()
        with (
            mariadb_stage.service(DATABASE_URL=plain) as service,
            httpx2.Client(base_url=service.url, timeout=60) as client,
        ):
            for read_only, status in ((0, 201), (1, 503), (0, 201)):
                observer.rows(f"SET GLOBAL read_only = {read_only}")
                body = {"name": f"Acme {time.monotonic()}", "industry": "Anvils"}
                answer = client.post(COMPANIES, json=body)
                assert answer.status_code == status, answer.text
                assert ("Retry-After" in answer.headers) == (status == 503)
                assert client.get(COMPANIES).status_code == 200
