"""Several migrate at once, one is killed, one waits for a table: none of them does harm."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from support.databases.observer import wait_until
from support.databases.real import mariadb
from support.faults.stage import Stage
from support.http.contract import COMPANIES
from support.models.migrators import finish, migrator, with_slow_migration
from support.projects import Project, each

pytestmark = pytest.mark.faults

LOCK_TIMEOUT = 2
"""Seconds; what DB_LOCK_TIMEOUT is set to."""
SIX = 6


def migrate_at_once(project: Project, url: str) -> tuple[Counter[int], int]:
    """Return the exit codes of six migrators, and how many of them ran the migration."""
    ended = [finish(process) for process in [migrator(project, url) for _ in range(SIX)]]
    ran = sum("migrating" in printed for _, printed in ended)
    return Counter(code for code, _ in ended), ran


def test_of_six_at_once_one_migrates(
    stage: Stage, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    project = with_slow_migration(stage.project, tmp_path, seconds=2)
    codes, ran = migrate_at_once(project, stage.postgres.database_url)
    figures(f"exit codes of six migrators {dict(codes)}, of which {ran} migrated")
    assert (codes, ran) == ({0: SIX}, 1)
    with stage.observing() as observer:
        assert observer.value("SELECT version_num FROM alembic_version") == "slow"


@pytest.mark.parametrize("project", each([("asyncmy", "fastapi")]), indirect=True)
def test_of_six_at_once_one_migrates_mariadb(
    project: Project, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    slow = with_slow_migration(project, tmp_path, seconds=2)
    with mariadb() as url:
        codes, ran = migrate_at_once(slow, url)
    figures(f"exit codes of six migrators {dict(codes)}, of which {ran} migrated")
    assert (codes, ran) == ({0: SIX}, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_one_that_is_killed_leaves_no_lock(
    stage: Stage, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    url = stage.postgres.database_url
    victim = migrator(with_slow_migration(stage.project, tmp_path / "slow", seconds=5), url)
    with stage.observing() as observer:
        wait_until(
            lambda: observer.value(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(5)%'"
                " AND pid <> pg_backend_pid()"
            )
        )
        victim.kill()
        finish(victim)
        killed = time.monotonic()
        quick = with_slow_migration(stage.project, tmp_path / "quick", seconds=0)
        code, printed = finish(migrator(quick, url))
        took = time.monotonic() - killed
        figures(f"after a kill the next one ended with {code}, {took:.1f} s later")
        assert code == 0, printed
        assert observer.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
        assert observer.value("SELECT version_num FROM alembic_version") == "slow"


def test_one_that_waits_for_a_table_gives_up_and_blocks_nobody(
    stage: Stage, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    alter = "ALTER TABLE companies ADD COLUMN note text"
    project = with_slow_migration(stage.project, tmp_path, seconds=0, then=alter)
    with (
        stage.service() as service,
        httpx2.Client(base_url=service.url, timeout=60) as client,
        stage.observing() as reader,
    ):
        reader.execute("BEGIN; SELECT FROM companies")
        process = migrator(project, stage.postgres.database_url, DB_LOCK_TIMEOUT=str(LOCK_TIMEOUT))
        answers, slowest = [], 0.0
        while process.poll() is None:
            asked = time.monotonic()
            answers.append(client.get(COMPANIES).status_code)
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(0.05)
        code, printed = finish(process)
        assert reader.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
        reader.execute("COMMIT")
    figures(f"exit code {code}, {len(answers)} reads meanwhile, the slowest {slowest:.2f} s")
    assert code not in {0, None}
    assert "Traceback" not in printed, printed
    assert "FAILED: A table was in use for longer" in printed
    assert "DB_LOCK_TIMEOUT" in printed
    assert set(answers) == {200}
    assert slowest > LOCK_TIMEOUT / 2, "no read ever waited behind the migration"
    assert slowest < LOCK_TIMEOUT + 2
