"""Minutes of load while everything goes wrong: nothing leaks, and nobody is lied to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.databases.observer import Observer, obstructing
from support.faults.soak import BALLAST, ENVIRONMENT, POOL, WORKERS, Soak, soak
from support.faults.stage import Stage, observing_soon, open_stage
from support.faults.truth import NOTHING, Truth
from support.projects import Project

pytestmark = pytest.mark.faults

GROWTH = 0.05
"""The part by which memory may grow from the second fifth of the rounds to the last.

In ten minutes, 10,000 requests and 190 faults lie between the two: it is 1 KB for each request, or
50 KB for each fault. In the first fifth caches fill."""
NOISE = re.compile(r"Traceback|never retrieved|Warning|ERROR|CRITICAL")
EXPECTED = re.compile(
    # What was answered; and uvicorn on an export that broke off, which the service has told before.
    r"^\S+Z (\[\S+\] )?(INFO: |ERROR: uvicorn.error: ASGI callable returned without completing)"
)


@pytest.fixture
def stage(project: Project, tmp_path: Path) -> Iterator[Stage]:
    """Yield a PostgreSQL that has what it has said it has, whatever happens to it."""
    with open_stage(project, tmp_path, synchronous_commit="on") as stage:
        yield stage


def test_what_is_lost_or_made_up_is_seen() -> None:
    truth = Truth()
    truth.set("told 201", "x")
    truth.set("told 404", NOTHING)
    truth.allow("told nothing", "x")
    there = {"told 201": "x", "told nothing": "x"}
    for right in (there, {"told 201": "x"}):
        assert not truth.lost(right)
        assert not truth.phantoms(right)
    for wrong in ({}, there | {"told 201": "y"}):
        assert truth.lost(wrong) == ["told 201"]
    for name in ("told 404", "never asked for"):
        assert truth.phantoms(there | {name: "x"}) == [name]
    assert truth.phantoms(there | {"told nothing": "y"}) == ["told nothing"]


@pytest.fixture
def seconds(pytestconfig: pytest.Config) -> float:
    """Return for how many seconds to go on."""
    value: float = pytestconfig.getoption("soak_seconds")
    return value


def test_soak(stage: Stage, figures: Callable[[str], None], seconds: float) -> None:
    with obstructing(stage.postgres.database_url) as observer:
        observer.execute(BALLAST)
        ballast = observer.count()
    with stage.service("--workers", str(WORKERS), **ENVIRONMENT) as service:
        seen = soak(stage, service, seconds=seconds)
        with observing_soon(stage) as observer:
            there = _companies(observer)
            at_work = observer.sessions("state <> 'idle'")
            extra = observer.count() - len(there) - ballast
        log = service.stop()
        with observing_soon(stage) as observer:
            left = observer.sessions()
    truth = seen.truth
    figures(_told(seen))
    assert not truth.wrong, truth.wrong[:20]
    assert not truth.lost(there)
    assert not truth.phantoms(there)
    assert not extra
    assert seen.sessions <= POOL * WORKERS
    assert (at_work, left) == (0, 0)
    lines = [line for line in log.splitlines() if not EXPECTED.search(line)]
    assert not NOISE.search("\n".join(lines)), "\n".join(lines)
    # The same workers, with the same files, and no more memory.
    assert len({(it.worker, it.files) for workers in seen.quiet for it in workers}) == WORKERS
    assert max(it.connections for workers in seen.quiet for it in workers) <= POOL
    assert seen.memory(5) < seen.memory(2) * (1 + GROWTH)


def _companies(observer: Observer) -> dict[str, str]:
    """Return all but the ballast."""
    query = "SELECT json_object_agg(name, industry) FROM companies WHERE name NOT LIKE 'Ballast %'"
    return dict(json.loads(observer.value(query)))


def _told(seen: Soak) -> str:
    truth, first, last = seen.truth, seen.quiet[0], seen.quiet[-1]
    memory = [sum(it.memory for it in workers) / 2**20 for workers in seen.quiet]
    return (
        f"{sum(truth.statuses.values())} answers {dict(truth.statuses)}, {truth.cut} exports cut;"
        f" {sum(seen.faults.done.values())} faults {dict(seen.faults.done)};"
        f" memory {memory[0]:.1f} -> {memory[-1]:.1f} MiB"
        f" ({seen.memory(5) / seen.memory(2) - 1:+.1%} from the second fifth to the last);"
        f" files {[it.files for it in first]} -> {[it.files for it in last]};"
        f" at most {seen.sessions} connections in {seen.looks} looks"
    )
