"""Log messages and errors of the database: what failed, why and where, and never a value."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bake import WEB_FRAMEWORKS, choices
from projects import Project, each, migrated_database

pytestmark = pytest.mark.projects

PROGRAM = Path(__file__).with_name("failure_runs.py")
SECRET = "hunter2marker"  # noqa: S105  what must not be found
TABLE = """
CREATE TABLE trial (
    id integer NOT NULL, name varchar(100) NOT NULL, number integer, day date,
    CONSTRAINT pk_trial PRIMARY KEY (id),
    CONSTRAINT uq_trial_name UNIQUE (name),
    CONSTRAINT ck_trial_number CHECK (number > 0)
)
"""
INSERT = "INSERT INTO trial (id, name, number, day) VALUES (:id, :name, :number, :day)"
FIRST = {"id": 1, "name": SECRET, "number": 1, "day": None}
FAILURES: dict[str, tuple[str, dict[str, Any]]] = {
    "column": ("SELECT nmae FROM trial WHERE name = :name", {"name": SECRET}),
    "syntax": ("SELECT * FORM trial WHERE name = :name", {"name": SECRET}),
    "table": ("SELECT 1 FROM nowhere WHERE name = :name", {"name": SECRET}),
    "text": (f"SELECT nmae FROM trial WHERE name = '{SECRET}' AND id = 1", {}),  # noqa: S608  as owners do
    "taken": (INSERT, FIRST | {"id": 2}),
    "null": (INSERT, FIRST | {"id": 3, "name": None}),
    "check": (INSERT, FIRST | {"id": 4, "name": f"{SECRET} 4", "number": -47114711}),
    "large": (INSERT, FIRST | {"id": 5, "name": f"{SECRET} 5", "number": 4711471147114711}),
    "type": (INSERT, FIRST | {"id": 6, "name": f"{SECRET} 6", "number": SECRET}),
    "date": (INSERT, FIRST | {"id": 7, "name": f"{SECRET} 7", "day": SECRET}),
    "long": (INSERT, FIRST | {"id": 8, "name": SECRET * 20}),
}
VARIANTS = [(driver, WEB_FRAMEWORKS[0]) for driver in choices("driver")]
NAMED = {
    "column": "nmae",
    "syntax": "FORM",
    "table": "nowhere",
    "text": "nmae",
    "taken": "name",
    "null": "name",
    "check": "ck_trial_number",
}
"""What the database's message, as all of them have it, says of the schema."""
TAKEN_BY_SQLITE = {"large", "type", "date", "long"}


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
