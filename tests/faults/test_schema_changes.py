"""The schema changes under a running service, and no client learns of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import httpx2
import pytest
from support.databases.observer import wait_until
from support.databases.pgbouncer import pgbouncer
from support.faults.load import load
from support.faults.stage import Stage
from support.http.contract import COMPANIES

pytestmark = pytest.mark.faults

CHANGES = [
    "ALTER TABLE companies ADD COLUMN note text",
    "ALTER TABLE companies ALTER COLUMN industry TYPE text",
    "ALTER TABLE companies ALTER COLUMN industry TYPE varchar(200)",
    "ALTER TABLE companies DROP COLUMN note",
]
WARM = 40
"""Requests of a kind after which each of eight connections has its statements prepared."""


@pytest.mark.parametrize("pooler", ["none", "pgbouncer"])
def test_under_load_every_request_succeeds(
    stage: Stage, pooler: str, figures: Callable[[str], None]
) -> None:
    server = stage.postgres.database_url
    with (
        pgbouncer(server) if pooler == "pgbouncer" else nullcontext(server) as url,
        stage.observing() as observer,
        stage.service("--workers", "2", DATABASE_URL=url, DB_POOLER=pooler) as service,
        load(service.url) as asked,
    ):

        def until_more() -> None:
            wanted = len(asked.answers) + 8 * WARM
            wait_until(lambda: len(asked.answers) >= wanted)

        for change in CHANGES:
            until_more()
            observer.execute(change)
        until_more()
    figures(
        f"pooler {pooler}: answers while the schema changed {len(CHANGES)} times:"
        f" {dict(asked.statuses())}"
    )
    assert asked.statuses().keys() == {200, 201}, asked.statuses()


def test_at_rest_every_prepared_statement_may_be_stale(
    stage: Stage, figures: Callable[[str], None]
) -> None:
    with (
        stage.observing() as observer,
        stage.service() as service,
        httpx2.Client(base_url=service.url, timeout=60) as client,
        ThreadPoolExecutor(8) as threads,
    ):
        company = {"name": "Acme", "industry": "Anvils"}
        path = client.post(COMPANIES, json=company).headers["Location"]
        questions: list[Callable[[int], httpx2.Response]] = [
            lambda number: client.patch(path, json={"industry": f"Anvils {number}"}),
            lambda number: client.post(COMPANIES, json=company | {"name": f"Acme {number}"}),
            lambda _: client.get(COMPANIES),
            lambda _: client.get(path),
            lambda _: client.get(f"{COMPANIES}/export"),
        ]
        answers: Counter[int] = Counter()
        for turn, change in enumerate(["SELECT", *CHANGES]):
            observer.execute(change)
            for ask in questions:
                numbers = range(turn * WARM, (turn + 1) * WARM)
                answers.update(it.status_code for it in threads.map(ask, numbers))
    figures(f"answers of a warm service after {len(CHANGES)} changes: {dict(answers)}")
    assert answers.keys() == {200, 201}, answers
