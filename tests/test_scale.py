"""docs/scale.md: its formulas are those of its tables, and its costs are measured."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bake import TEMPLATE
from support.databases.postgres_server import postgres_server
from support.documents import rows
from support.projects import PATIENCE, Project, each

from benchmarks import sizes
from benchmarks.scale import FIGURES, Costs, Plan, Scale, costs, ends, kept, needs

PAGE = TEMPLATE / "docs/scale.md"
LETTERS_OF_PLAN = dict(
    zip(
        "sukphcaf",
        ("writes", "load", "workers", "pool", "hold", "cores", "allowed", "replicas"),
        strict=True,
    )
)
LETTERS_OF_COSTS = {
    "d": "database_read",
    "e": "database_write",
    "x": "pooler_read",
    "y": "pooler_write",
    "b": "row",
    "w": "wal",
    "m": "connection",
    "v": "replay",
}
RESULTS = {
    "R": "requests",
    "W": "writes",
    "C": "connections",
    "B": "busy",
    "M": "memory",
    "P": "write_cores",
    "D": "read_cores",
    "L": "wal",
    "A": "replayed",
    "T": "rows",
    "X": "poolers",
}
"""What a formula of the page is called in `Scale`."""
OTHER = Plan(writes=0.3, load=0.7, workers=3, pool=4, hold=0.02, cores=8, allowed=97, replicas=1)
CLOSE = 0.1
"""Of the size of a row, and of its log: tables that grow have a little more or less room."""


@pytest.fixture(scope="module")
def measured() -> Costs:
    """Return what was measured."""
    return costs(json.loads(FIGURES.read_text(encoding="utf-8")), kept())


def formulas() -> dict[str, str]:
    """Return the formulas of the page, by what they are of."""
    text = PAGE.read_text(encoding="utf-8")
    return dict(re.findall(r"^([A-Z]) = (.+?) {2,}\S", text, re.MULTILINE))


@pytest.mark.parametrize("plan", [Plan(), OTHER], ids=["here", "other"])
def test_the_formulas_are_those_of_the_tables(measured: Costs, plan: Plan) -> None:
    known = {letter: float(getattr(plan, name)) for letter, name in LETTERS_OF_PLAN.items()}
    known |= {letter: getattr(measured, name) for letter, name in LETTERS_OF_COSTS.items()}
    known |= {"N": 70, "g": 1 / measured.worker_read, "q": 1 / measured.worker_write}
    scale = Scale(70, measured, plan)
    assert formulas().keys() == RESULTS.keys()
    for name, formula in formulas().items():
        known[name] = eval(formula, {}, known)  # noqa: S307  a formula of a page of ours
        assert known[name] == pytest.approx(getattr(scale, RESULTS[name])), name


def test_what_is_decided_is_what_the_tables_are_of() -> None:
    decided = {letter: float(value) for _, letter, value in rows("docs/scale.md", "you decide")}
    assert decided == {it: getattr(Plan(), name) for it, name in LETTERS_OF_PLAN.items()}


def test_a_part_is_full_where_its_line_says(measured: Costs) -> None:
    plan = Plan()
    for line in ends(measured, plan).splitlines()[2:]:
        part, number, _ = (it.strip() for it in line.strip("|").split("|"))
        if part.startswith("connections"):
            most = int(number.replace(",", ""))
            assert Scale(most, measured, plan).connections <= plan.allowed
            assert Scale(most + 1, measured, plan).connections > plan.allowed


def test_a_reader_puts_in_their_own_numbers(measured: Costs) -> None:
    options = "--instances 20 60 --writes 0.3 --pool 5 --cores 32 --row 1000"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", *options.split()],
        cwd=TEMPLATE,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    own = Costs(**(vars(measured) | {"row": 1000.0}))
    plan = Plan(writes=0.3, pool=5, cores=32)
    assert done.stdout == f"{needs(own, plan, (20, 60))}\n\n{ends(own, plan)}\n"


@pytest.fixture(params=each([("asyncpg", "fastapi")]))
def project(request: pytest.FixtureRequest, installed: Callable[..., Project]) -> Project:
    """Return a project, as it runs in production."""
    return installed(request.param)


@pytest.mark.full
@pytest.mark.projects
def test_the_sizes_are_measured(
    project: Project, measured: Costs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "REQUESTS", 1600)
    with postgres_server(**sizes.SETTINGS) as server:
        project.migrate(DATABASE_URL=server.database_url)
        found = sizes.of_requests(project, tmp_path, server)
    for name in ("row", "wal"):
        assert found[name] == pytest.approx(getattr(measured, name), rel=CLOSE), name
