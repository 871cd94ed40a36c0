"""Pgpool-II sends reads to a replica by itself: what that means for who has just written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from support.databases.observer import observing, wait_until
from support.databases.pgpool import pgpool
from support.faults.pair import Pair, open_pair
from support.http.contract import COMPANIES
from support.projects import Project

pytestmark = pytest.mark.faults

WHERE = """
from app.event_loop import run
import asyncio, json
from sqlalchemy import text
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.settings import Settings

ASK = text("SELECT inet_server_port() FROM companies RIGHT JOIN (SELECT 1) AS one ON true LIMIT 1")
LOCK = text("SELECT inet_server_port() FROM (SELECT pg_try_advisory_lock(4711)) AS locked")
WRITE = text("UPDATE companies SET industry = industry")

async def main():
    async with open_engine(Settings()) as engine:
        sessions = create_sessions(engine)
        found = {}
        for kind in ("read", "snapshot", "write"):
            async with getattr(sessions, kind)() as session:
                found[kind] = await session.scalar(ASK)
                if kind == "write":
                    await session.execute(WRITE)
                    found["written"] = await session.scalar(ASK)
                if kind == "read":
                    found["locked"] = await session.scalar(LOCK)
    print(json.dumps(found))

run(main())
"""


@pytest.fixture
def pair(project: Project, tmp_path: Path) -> Iterator[Pair]:
    """Yield a primary and its standby, in front of a project."""
    with open_pair(project, tmp_path) as pair:
        yield pair


@pytest.mark.parametrize("balancing", ["on", "off"])
def test_what_pgpool_balances_lags(
    pair: Pair, balancing: str, figures: Callable[[str], None]
) -> None:
    primary, standby = pair.primary.database_url, pair.standby.database_url
    names = {pair.primary.port: "primary", pair.standby.port: "standby"}
    project = pair.stage.project
    with pgpool(primary, standby, load_balance_mode=balancing) as url:
        found = json.loads(project.succeed(project.python, "-c", WHERE, DATABASE_URL=url))
        with (
            pair.stage.service(DATABASE_URL=url) as service,
            httpx2.Client(base_url=service.url, timeout=60) as client,
            observing(standby) as replica,
        ):
            replica.execute("SELECT pg_wal_replay_pause()")
            wait_until(lambda: replica.value("SELECT pg_get_wal_replay_pause_state()") == "paused")
            posted = client.post(COMPANIES, json={"name": "Acme", "industry": "Anvils"})
            read = client.get(posted.headers["Location"]).status_code
            replica.execute("SELECT pg_wal_replay_resume()")
    where = {kind: names[port] for kind, port in found.items()}
    figures(f"load_balance_mode {balancing}: {where}; what was just added is read: {read}")
    assert posted.status_code == 201
    if balancing == "off":
        assert {*where.values()} == {"primary"}
        assert read == 200
    else:
        # A unit of work that writes reads a replica, too, before its first write.
        assert where.pop("written") == where.pop("locked") == "primary"
        assert {*where.values()} == {"standby"}
        assert read == 404
