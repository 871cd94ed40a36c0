"""Log messages and errors of the database: what failed, why and where, and never a value."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.bake import WEB_FRAMEWORKS, choices
from support.failures import FAILURES, FIRST, NAMED, SECRET, TABLE, TAKEN_BY_SQLITE
from support.places import PROBES
from support.projects import Project, each, migrated_database

pytestmark = pytest.mark.projects

PROGRAM = PROBES / "failure_runs.py"
VARIANTS = [(driver, WEB_FRAMEWORKS[0]) for driver in choices("driver")]


@pytest.fixture(scope="module", params=each(VARIANTS))
def said(
    request: pytest.FixtureRequest,
    installed: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """Return what a project with each driver says."""
    project, directory = installed(request.param), tmp_path_factory.mktemp("database")
    env = {"FAILURES": json.dumps(FAILURES | {"table of them": (TABLE, FIRST)})}
    with migrated_database(project, directory) as url:
        answer: dict[str, Any] = json.loads(
            project.succeed(project.python, PROGRAM, DATABASE_URL=url, **env).splitlines()[-1]
        )
    return answer | {"driver": request.param[0]}


def test_a_failure_says_what_why_and_where(said: dict[str, Any]) -> None:
    expected = FAILURES.keys() - (TAKEN_BY_SQLITE if said["driver"] == "aiosqlite" else set())
    assert expected <= said["failures"].keys()
    for name in expected:
        statement, _ = FAILURES[name]
        reported, _ = said["failures"][name]
        *traceback, why, sql = reported.splitlines()
        assert NAMED.get(name, "") in why, reported
        assert sql.startswith(f"SQL: {statement.partition('(')[0].partition(' WHERE')[0]}")
        # The last line of the traceback is the owner's, and those of libraries are not there.
        assert f'File "{PROGRAM}"' in traceback[-2], reported
        assert "site-packages" not in reported, reported


def test_no_failure_quotes_a_value(said: dict[str, Any]) -> None:
    assert {"IntegrityError", "PendingRollbackError"} <= said["failures"].keys()
    for name, texts in said["failures"].items():
        for text in texts:
            for value in (SECRET, "4711"):
                # The lines of this code, which are quoted by tracebacks, name no value.
                assert value not in text, (name, text)


def test_probes_that_overlap_agree(said: dict[str, Any]) -> None:
    assert said["away"] == 0


def test_the_statements_of_a_block_are_logged(said: dict[str, Any]) -> None:
    lines = said["block"].splitlines()
    assert [line[:8] for line in lines if line.startswith("SELECT")] == ["SELECT 3", "SELECT 4"]
    assert SECRET not in said["block"]
    assert "shown" in lines[-1]
