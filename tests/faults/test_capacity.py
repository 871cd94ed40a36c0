"""Pools that are larger than the server: a start says so, with the numbers, and goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from support.databases.postgres_server import postgres_server
from support.faults.stage import Stage, open_stage
from support.projects import Project, each, migrated_database

pytestmark = pytest.mark.faults

# PostgreSQL keeps three of them for superusers.
MAX_CONNECTIONS, ALLOWED = 20, 17
ENOUGH = {"DB_POOL_SIZE": "2", "DB_MAX_OVERFLOW": "2", "DB_PREWARM": "2", "APP_WORKERS": "2"}
TOO_MANY = ENOUGH | {"APP_INSTANCES": "2"}
FACTORS = "x APP_WORKERS (2) x (DB_POOL_SIZE (2) + DB_MAX_OVERFLOW (2)) x 2 versions during"
SUM = f"32 connections, which is APP_INSTANCES (2) {FACTORS}"


@pytest.fixture
def small(project: Project, tmp_path: Path) -> Iterator[Stage]:
    """Yield a project and a server with few connections."""
    with open_stage(project, tmp_path, max_connections=str(MAX_CONNECTIONS)) as stage:
        yield stage


def warnings_in(log: str) -> list[str]:
    """Return the lines that warn of the pools."""
    return [line for line in log.splitlines() if "DB_MAX_OVERFLOW" in line]


def test_a_start_warns_and_serves(small: Stage, figures: Callable[[str], None]) -> None:
    logs = []
    for env in (TOO_MANY, ENOUGH):
        with small.service(**env) as service:
            assert httpx2.get(f"{service.url}/ready").status_code == 200
            logs.append(warnings_in(service.stop()))
    [warning], none = logs
    figures(warning)
    assert SUM in warning
    assert f"more than the {ALLOWED} " in warning
    assert "raise max_connections" in warning
    assert none == []


def test_the_replica_is_asked_too(small: Stage, figures: Callable[[str], None]) -> None:
    url = small.postgres.database_url
    with postgres_server() as large:
        small.project.migrate(DATABASE_URL=large.database_url)
        env = {"DATABASE_URL": large.database_url, "DATABASE_READ_URL": url}
        with small.service(**env, **TOO_MANY) as service:
            [warning] = warnings_in(service.stop())
    figures(warning)
    assert SUM in warning
    assert f"more than the {ALLOWED} that the replica has" in warning


def test_doctor_warns(small: Stage, figures: Callable[[str], None]) -> None:
    command: list[str | Path] = [small.project.python, "-m", "app", "doctor"]
    url = {"DATABASE_URL": small.postgres.database_url}
    warned = small.project.succeed(*command, **url, **TOO_MANY)
    content = small.project.succeed(*command, **url, **ENOUGH)
    figures(
        f"{warned.splitlines()[-1]!r} for two instances, and for one: {content.splitlines()[-1]}"
    )
    assert SUM in warned.splitlines()[-1]
    assert f"16 = APP_INSTANCES (1) {FACTORS} a deployment, of {ALLOWED}" in content
    assert content.splitlines()[-1] == "All is well."


@pytest.mark.parametrize("mysql", each([("asyncmy", "fastapi"), ("aiomysql", "fastapi")]))
def test_a_mysql_is_asked_too(
    mysql: tuple[str, str],
    installed: Callable[..., Project],
    tmp_path: Path,
    figures: Callable[[str], None],
) -> None:
    project = installed(mysql)
    with migrated_database(project, tmp_path) as url:
        said = project.succeed(
            *(project.python, "-m", "app", "doctor"), DATABASE_URL=url, DB_MAX_OVERFLOW="99990"
        )
    figures(said.splitlines()[-1])
    assert "200000 connections" in said.splitlines()[-1]
