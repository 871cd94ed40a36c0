"""Servers that only speak PostgreSQL's protocol: what the kit does where a feature is forbidden."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.databases.observer import wait_until
from support.databases.postgres_proxy import Proxy, postgres_proxy
from support.faults.stage import Stage, open_stage
from support.projects import Project, each, running

pytestmark = pytest.mark.faults

WORKERS = each([("asyncpg", "none"), ("psycopg", "none")])
COMPANY = '{"companies": [{"name": "Acme", "industry": "Anvils"}]}'
PLAIN_USER = """
CREATE ROLE plain LOGIN PASSWORD 'plain';
GRANT ALL ON SCHEMA public TO plain;
GRANT ALL ON ALL TABLES IN SCHEMA public TO plain;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO plain;
REVOKE EXECUTE ON FUNCTION pg_try_advisory_lock(bigint), pg_advisory_unlock(bigint) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC;
"""
"""Nobody but superusers may lock or notify."""


@pytest.fixture(params=WORKERS)
def worker_stage(
    request: pytest.FixtureRequest, installed: Callable[..., Project], tmp_path: Path
) -> Iterator[Stage]:
    """Yield a worker's project and a PostgreSQL that forbids the user "plain" what it can."""
    with open_stage(installed(request.param), tmp_path) as stage:
        with stage.observing() as observer:
            observer.execute(PLAIN_USER)
        yield stage


def forbidden(stage: Stage) -> str:
    """Return the DATABASE_URL of the user that may not lock or notify."""
    url = urlsplit(stage.postgres.database_url)
    return url._replace(netloc=f"plain:plain@{url.hostname}:{url.port}").geturl()


def add_job(stage: Stage, url: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Add a job by command."""
    project = stage.project
    command = (project.python, "-m", "app", "jobs", "add", "import_companies", COMPANY)
    return project.run(*command, DATABASE_URL=url, **env)


def is_done(stage: Stage) -> bool:
    """Return whether there is a job, and it is done."""
    with stage.observing() as observer:
        return bool(observer.value("SELECT bool_and(state = 'done') FROM jobs"))


def listens(proxy: Proxy) -> bool:
    """Return whether somebody was sent a LISTEN."""
    sent = proxy.counts.simple + proxy.counts.parsed
    return any(it.upper().startswith("LISTEN") for it in sent)


def test_without_advisory_locks_a_migration_warns_and_goes_on(
    project: Project, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    with open_stage(project, tmp_path) as stage:
        project.succeed(
            *(project.python, "-m", "alembic", "downgrade", "base"),
            DATABASE_URL=stage.postgres.database_url,
        )
        with stage.observing() as observer:
            observer.execute(PLAIN_USER)
        done = project.run(
            *(project.python, "-m", "alembic", "upgrade", "head"), DATABASE_URL=forbidden(stage)
        )
        with stage.observing() as observer:
            migrated = observer.value("SELECT version_num FROM alembic_version")
    said = done.stdout + done.stderr
    [warning] = [line for line in said.splitlines() if "advisory" in line]
    figures(f"a migration without locks ends with {done.returncode}: {warning.strip()}")
    assert done.returncode == 0, said
    assert "only one process" in warning
    assert "Traceback" not in said
    assert migrated


def test_without_notify_jobs_can_not_be_added_unless_it_is_switched_off(
    worker_stage: Stage, figures: Callable[[str], None]
) -> None:
    url = forbidden(worker_stage)
    codes = [add_job(worker_stage, url, **env).returncode for env in ({}, {"DB_NOTIFY": "false"})]
    figures(f"exit codes of `jobs add` without NOTIFY, by default and with the setting: {codes}")
    assert codes == [1, 0]


@pytest.mark.parametrize("notify", ["true", "false"])
def test_nobody_listens_once_it_is_switched_off(
    worker_stage: Stage, tmp_path: Path, notify: str
) -> None:
    with postgres_proxy(worker_stage.postgres.database_url) as proxy:
        env = {"DATABASE_URL": proxy.url, "DB_NOTIFY": notify, "WORKER_POLL_INTERVAL": "0.1"}
        with running(worker_stage.project, tmp_path / "log", **env):
            if notify == "true":
                wait_until(lambda: listens(proxy))
            assert add_job(worker_stage, proxy.url, DB_NOTIFY=notify).returncode == 0
            wait_until(lambda: is_done(worker_stage))
        assert listens(proxy) == (notify == "true")
