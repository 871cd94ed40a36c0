"""What the tests of faults share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.databases.galera import Galera, galera
from support.faults.galera_stage import GaleraStage, open_galera_stage
from support.faults.mariadb_stage import MariaDBStage, open_mariadb_stage
from support.faults.sqlite_stage import SQLiteStage, open_sqlite_stage
from support.faults.stage import Stage, open_stage
from support.http.hostile_service import Target, target
from support.projects import Project, each

POSTGRESQL = [("asyncpg", "fastapi"), ("psycopg", "fastapi")]
"""What goes through every fault."""
MYSQL = [("asyncmy", "fastapi"), ("aiomysql", "fastapi")]
SQLITE = [("aiosqlite", "fastapi")]


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Return a function that takes a sentence with what was measured, to be printed."""
    return lambda sentence: record_property("figures", sentence)


@pytest.fixture(params=each(POSTGRESQL))
def project(request: pytest.FixtureRequest, installed: Callable[..., Project]) -> Project:
    """Return a project, as it runs in production."""
    return installed(request.param)


@pytest.fixture
def stage(project: Project, tmp_path: Path) -> Iterator[Stage]:
    """Yield a project, a PostgreSQL of its own, and a look into it."""
    with open_stage(project, tmp_path) as stage:
        yield stage


@pytest.fixture(params=each(MYSQL))
def mariadb_stage(
    request: pytest.FixtureRequest, installed: Callable[..., Project], tmp_path: Path
) -> Iterator[MariaDBStage]:
    """Yield a project and a MariaDB of its own."""
    with open_mariadb_stage(installed(request.param), tmp_path) as stage:
        yield stage


@pytest.fixture(scope="module")
def cluster() -> Iterator[Galera]:
    """Yield a Galera cluster for all tests of a module."""
    with galera() as cluster:
        yield cluster


@pytest.fixture(params=each(MYSQL))
def galera_stage(
    request: pytest.FixtureRequest,
    installed: Callable[..., Project],
    cluster: Galera,
    tmp_path: Path,
) -> Iterator[GaleraStage]:
    """Yield a project and the cluster, which is whole, with a database that is empty."""
    with open_galera_stage(installed(request.param), cluster, tmp_path) as stage:
        yield stage


@pytest.fixture(params=each(SQLITE))
def sqlite_stage(
    request: pytest.FixtureRequest, installed: Callable[..., Project], tmp_path: Path
) -> SQLiteStage:
    """Return a project and an SQLite of its own."""
    return open_sqlite_stage(installed(request.param), tmp_path)


@pytest.fixture(scope="module")
def hostile_target(
    request: pytest.FixtureRequest,
    installed: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Target]:
    """Yield a service of the project that a module asks for."""
    with target(installed(request.param), tmp_path_factory.mktemp("target")) as it:
        yield it
