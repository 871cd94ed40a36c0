"""A version replaces the one before behind HAProxy, and no honest client learns of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from support.bake import TEMPLATE
from support.databases.postgres_server import PostgresServer, postgres_server
from support.faults.releases import EDITS, MIGRATIONS, releases
from support.projects import Project, each

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        not shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"),
        reason="there is no HAProxy here: install Debian's haproxy",
    ),
]

PAGE, PROGRAM = (TEMPLATE / "docs" / "deployment" / f"rollout.{it}" for it in ("md", "py"))


@pytest.fixture(params=each([("asyncpg", "fastapi"), ("psycopg", "starlette", "hypercorn")]))
def project(request: pytest.FixtureRequest, installed: Callable[..., Project]) -> Project:
    """Return a project, as it runs in production."""
    return installed(request.param)


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """Yield a PostgreSQL."""
    with postgres_server() as server:
        yield server


def roll(
    before: Project, after: Project, postgres: PostgresServer, *options: str
) -> subprocess.CompletedProcess[str]:
    """Run the program of the page."""
    arguments: list[str | Path] = [PROGRAM, before.path, after.path, *options]
    return before.run(before.python, *arguments, DATABASE_URL=postgres.database_url)


def shape(text: str) -> str:
    """Return what was printed, without its figures."""
    return re.sub(r"\d{2,}", "…", text)


def test_a_column_gets_another_name_in_four_releases(
    project: Project, postgres: PostgresServer, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    [promised] = re.findall(r"```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    requests = 0
    for before, after in pairwise(releases(project, tmp_path).values()):
        done = roll(before, after, postgres)
        assert done.returncode == 0, done.stdout + done.stderr
        assert shape(done.stdout) == shape(promised)
        requests += sum(map(int, re.findall(r"^[A-Z]+ 20\d: (\d+)", done.stdout, re.MULTILINE)))
    figures(f"{len(EDITS)} releases, {requests} requests, 0 failed")


def test_a_contract_too_early_is_seen(
    project: Project, postgres: PostgresServer, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    found = releases(project, tmp_path)
    # "contract the code" is left out: the version that runs still writes the column.
    done = roll(found["migrate"], found["contract the schema"], postgres)
    figures(" ".join(done.stdout.splitlines()[-1:]))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "failed: POST 500" in done.stdout


def test_a_stop_without_drain_is_seen(
    project: Project, postgres: PostgresServer, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    before, after, *_ = releases(project, tmp_path).values()
    done = roll(before, after, postgres, "--careless")
    figures(" ".join(done.stdout.splitlines()[-1:]))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "failed: P" in done.stdout


def test_the_page_has_the_releases() -> None:
    page = PAGE.read_text(encoding="utf-8")
    table = re.findall(r"^\| ([a-z ]+) \|(.*?)\|(.*?)\|$", page, re.MULTILINE)
    shown = {name: re.findall(r"`([A-Z][^`]+)`", cell) for name, cell, _ in table}
    assert {name: shown[name] for name in MIGRATIONS} == MIGRATIONS
