"""A storm of cancellations: what is committed is what is reported, and no connection is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.databases.real import count_connections
from support.places import PROBES
from support.projects import Project, Variant, each, migrated_database

pytestmark = pytest.mark.faults

SCRIPT = PROBES / "storm.py"
NAME = "storm"
POOL = 5
VARIANTS: dict[Variant, tuple[int, int]] = {
    ("asyncpg", "fastapi"): (2000, 20),
    ("psycopg", "fastapi"): (2000, 20),
    ("asyncmy", "fastapi"): (500, 20),
    ("aiomysql", "fastapi"): (500, 20),
    # One writer at a time.
    ("aiosqlite", "fastapi"): (300, 4),
}
"""How many units, and how many at once."""
SEED = 20261121


@dataclass(frozen=True)
class Aftermath:
    """What is left when all is over."""

    ends: dict[str, int]
    """How often a unit was done, how often it ended with which error; and the cancellations."""
    outcomes: dict[str, int]
    """How often transactions ended how, as the log of requests would say."""
    checked_out: int
    capacity: int
    """How many connections could be used at the same time."""
    missing: list[str]
    """What was reported as committed, and is not there."""
    unreported: list[str]
    """What is there, and was not reported."""
    rows: int


@pytest.mark.parametrize("variant", each(list(VARIANTS)))
def test_a_storm_of_cancellations(
    variant: Variant,
    installed: Callable[..., Project],
    tmp_path: Path,
    figures: Callable[[str], None],
) -> None:
    project, (units, at_once) = installed(variant), VARIANTS[variant]
    with migrated_database(project, tmp_path) as url:
        env = {"DB_POOL_SIZE": str(POOL), "DB_POOL_TIMEOUT": "60", "DB_APPLICATION_NAME": NAME}
        done = project.run(
            *(project.python, "-W", "error", SCRIPT, str(units), str(at_once), str(SEED)),
            DATABASE_URL=url,
            PYTHONPATH=str(project.path),
            **env,
        )
        left = count_connections(url, NAME)
    assert done.returncode == 0, done.stderr
    assert not re.search(r"Warning|never retrieved|Traceback", done.stderr), done.stderr
    it = Aftermath(**json.loads(done.stdout))
    figures(
        f"seed {SEED}: {units} units, {it.ends}, {it.outcomes}; {it.rows} rows, "
        f"{it.checked_out} connections checked out, {it.capacity} of {POOL} usable, {left} left"
    )
    assert it.ends.keys() <= {"done", "CancelledError", "cancellations"}, it.ends
    assert it.ends["done"] + it.ends["CancelledError"] == units
    # It was a storm, and some came through it.
    assert min(it.ends["done"], it.ends["CancelledError"]) > units / 20, it.ends
    assert (it.missing, it.unreported) == ([], [])
    assert it.outcomes["committed"] == it.rows
    assert "commit failed" not in it.outcomes, it.outcomes
    assert (it.checked_out, it.capacity, left) == (0, POOL, 0)
