"""What a request costs in instructions, which no other load on the machine changes."""

from __future__ import annotations

import platform
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from benchmarks.bench import Bench
from benchmarks.callgrind import METHODS, Counts, counting, version
from benchmarks.contestants import BASELINE, FLOOR, Contestant
from benchmarks.levers import AS_IT_IS, LEVERS, edited
from benchmarks.servers import seeded
from benchmarks.telemetry import ways_to_count


def instructions(bench: Bench) -> dict[str, Any]:
    """Return what a GET and a POST cost each contestant, and a GET each change, and to be watched.

    A ratio is that of the floor's instructions to the contestant's, or of those of the project as
    it is to those of the changed one: as with requests a second, more is better.
    """
    contestants = bench.workshop.baselines()
    contestants += [bench.workshop.contestant(*pair) for pair in bench.pairs]
    ours = replace(bench.workshop.contestant(*BASELINE), name=AS_IT_IS)
    with ExitStack() as stack:
        url = stack.enter_context(seeded(contestants[0].project, bench.directory))
        counts = {it.name: _count(bench, it, url, tuple(METHODS)) for it in contestants}
        changed = {AS_IT_IS: _count(bench, ours, url, ("GET",))}
        for lever in LEVERS:
            it = replace(ours, name=lever.name, directory=edited(ours, lever, bench.directory))
            changed[it.name] = _count(bench, it, url, ("GET",), **lever.env)
        watched = {AS_IT_IS: changed[AS_IT_IS]}
        for it, env in ways_to_count(bench):
            watched[it.name] = _count(bench, it, url, ("GET",), **env)
    return {
        **{method: _compared(counts, method, FLOOR) for method in METHODS},
        "levers": _compared(changed, "GET", AS_IT_IS),
        "watched": _compared(watched, "GET", AS_IT_IS),
        "run": _run(bench),
    }


def _run(bench: Bench) -> dict[str, Any]:
    """Return what the counts are of: they may be documented without the rest of a run."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "valgrind": version(),
        "versions": bench.workshop.versions(),
    }


def _count(
    bench: Bench, contestant: Contestant, url: str, methods: tuple[str, ...], **env: str
) -> dict[str, Counts]:
    log = bench.directory / f"counted-{len(list(bench.directory.glob('counted-*.log')))}.log"
    with counting(contestant, url, log, **env) as service:
        found = {}
        for method in methods:
            bench.advance(f"{method} {contestant.name}")
            found[method] = service.count(METHODS[method](count()))
    return found


def _compared(counts: dict[str, dict[str, Counts]], method: str, base: str) -> dict[str, Any]:
    return {
        name: {
            "ratio": counts[base][method].mean / it[method].mean,
            "instructions": round(it[method].mean),
            "apart": it[method].apart,
        }
        for name, it in counts.items()
    }
