"""Poolers in front of PostgreSQL: right answers under load, restarts and failovers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from support.databases.observer import wait_until
from support.databases.pgbouncer import SESSION, pgbouncer, reconnect
from support.databases.pgpool import pgpool
from support.databases.questions import ALL_RIGHT, CLIENTS, TASKS, ask
from support.faults.load import load
from support.faults.pair import BOUND, Pair, names_on, open_pair
from support.faults.pair import SETTINGS as SHORT
from support.faults.stage import Stage, open_stage
from support.projects import Project

pytestmark = pytest.mark.faults

POOLED = {"DB_POOLER": "pgbouncer"}
Pooler = Callable[[str], AbstractContextManager[str]]
POOLERS: dict[str, tuple[Pooler, dict[str, str]]] = {
    "pgbouncer, transactions": (pgbouncer, POOLED),
    "pgbouncer, sessions": (lambda url: pgbouncer(url, **SESSION, default_pool_size="40"), {}),
    "pgpool": (pgpool, {}),
}
RETURN = 5
"""Seconds in which a pooler finds a server that is back: each looks for it every second."""


@pytest.fixture
def stage(project: Project, tmp_path: Path) -> Iterator[Stage]:
    """Yield a project and a server that keeps what it has acknowledged."""
    with open_stage(project, tmp_path, synchronous_commit="on") as stage:
        yield stage


@pytest.fixture
def pair(project: Project, tmp_path: Path) -> Iterator[Pair]:
    """Yield a primary and its standby, in front of a project."""
    with open_pair(project, tmp_path) as pair:
        yield pair


@pytest.mark.parametrize("pooler", ["pgbouncer, sessions", "pgpool"])
def test_every_answer_is_right(stage: Stage, pooler: str, figures: Callable[[str], None]) -> None:
    """What transactions need is in tests/test_pgbouncer.py."""
    open_pooler, env = POOLERS[pooler]
    with open_pooler(stage.postgres.database_url) as url:
        # As many as it has, or they would wait for each other until they give up.
        answers = ask(stage.project, url, **env, DB_POOL_SIZE=str(TASKS))
        # And so do migrations, whose lock is of a session.
        for revision in ("downgrade", "base"), ("upgrade", "head"):
            stage.project.succeed(
                stage.project.python, "-m", "alembic", *revision, DATABASE_URL=url
            )
        heard = asyncio.run(_notified(url))
    figures(f"{pooler}: {answers} with {CLIENTS} processes, notifications: {heard}")
    assert answers == ALL_RIGHT
    assert heard == ["hello"]


@pytest.mark.parametrize("pooler", POOLERS)
def test_a_restart_behind_it_is_a_503_at_most(
    stage: Stage, pooler: str, figures: Callable[[str], None]
) -> None:
    open_pooler, env = POOLERS[pooler]
    postgres = stage.postgres
    with (
        open_pooler(postgres.database_url) as url,
        stage.service(DATABASE_URL=url, **env) as service,
        load(service.url) as asked,
    ):
        wait_until(lambda: asked.added() > 50)
        postgres.stop("immediate")
        lost = time.monotonic()
        wait_until(lambda: asked.statuses(after=lost)[503] > 10)
        postgres.start()
        back = time.monotonic()
        settled = back + RETURN
        wait_until(lambda: asked.added(after=settled) > 50)
    missing = asked.acknowledged() - names_on(postgres)
    took = asked.resumed(back)
    figures(f"{pooler}: writes again {took:.1f} s after the return, {dict(asked.statuses())}")
    asked.assert_only_unavailable()
    assert asked.statuses(after=settled).keys() == {200, 201}
    assert not missing


def test_a_pgbouncer_beside_each_server_has_to_be_told_of_a_failover(
    pair: Pair, figures: Callable[[str], None]
) -> None:
    with ExitStack() as lost_host, pgbouncer(pair.standby.database_url) as second:
        first = lost_host.enter_context(pgbouncer(pair.primary.database_url))
        place, _, name = first.rpartition("/")
        url = f"{place},127.0.0.1:{urlsplit(second).port}/{name}"
        addresses = {"DATABASE_URL": url, "DATABASE_READ_URL": url}
        with (
            pair.stage.service(**addresses, **POOLED, **SHORT) as service,
            load(service.url) as asked,
        ):
            wait_until(lambda: asked.added() > 50)
            pair.primary.stop("immediate")
            lost_host.close()
            pair.standby.promote()
            promoted = time.monotonic()
            time.sleep(BOUND)
            before = asked.added(after=promoted)
            reconnect(second)
            told = time.monotonic()
            wait_until(lambda: asked.added(after=told) > 50)
    took = asked.resumed(told)
    missing = asked.acknowledged() - names_on(pair.standby)
    figures(
        f"rows added in {BOUND} s after the promotion: {before};"
        f" writes again {took:.1f} s after RECONNECT (bound {BOUND} s)"
    )
    # It tells new clients what it heard of its server when it first connected.
    assert before == 0
    assert took < BOUND
    assert not missing


async def _notified(url: str) -> list[str]:
    """Return what a session hears that listens, once another one has notified it."""
    heard: list[str] = []
    listening, other = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        came = asyncio.Event()

        def hear(*said: object) -> None:
            heard.append(str(said[-1]))
            came.set()

        await listening.add_listener("news", hear)
        await other.execute("NOTIFY news, 'hello'")
        with suppress(TimeoutError):
            await asyncio.wait_for(came.wait(), 10)
    finally:
        await listening.close()
        await other.close()
    return heard
