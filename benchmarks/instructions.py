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
        counts = {it.name: counted(bench, it, url, tuple(METHODS)) for it in contestants}
        changed = {AS_IT_IS: counted(bench, ours, url, ("GET",))}
        for lever in LEVERS:
            it = replace(ours, name=lever.name, directory=edited(ours, lever, bench.directory))
            changed[it.name] = counted(bench, it, url, ("GET",), **lever.env)
        watched = {AS_IT_IS: changed[AS_IT_IS]}
        for it, env in ways_to_count(bench):
            watched[it.name] = counted(bench, it, url, ("GET",), **env)
    return {
        **{method: compared(counts, method, FLOOR) for method in METHODS},
        "levers": compared(changed, "GET", AS_IT_IS),
        "watched": compared(watched, "GET", AS_IT_IS),
        "run": run_of_counts(bench),
    }


def run_of_counts(bench: Bench) -> dict[str, Any]:
    """Return when, with what, and of which packages instructions were counted."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "valgrind": version(),
        "versions": bench.workshop.versions(),
    }


def counted(
    bench: Bench, contestant: Contestant, url: str, methods: tuple[str, ...], **env: str
) -> dict[str, Counts]:
    """Return what requests cost a contestant, by method.

    Raises BenchmarkError if two counts of the same disagree.
    """
    log = bench.directory / f"counted-{len(list(bench.directory.glob('counted-*.log')))}.log"
    with counting(contestant, url, log, env) as service:
        found = {}
        for method in methods:
            bench.advance(f"{method} {contestant.name}")
            found[method] = service.count(METHODS[method](count(), contestant.routes))
    return found


def compared(counts: dict[str, dict[str, Counts]], method: str, base: str) -> dict[str, Any]:
    """Return the instructions of each contestant, and their ratio to those of `base`."""
    return {
        name: {
            "ratio": counts[base][method].mean / it[method].mean,
            "instructions": round(it[method].mean),
            "apart": it[method].apart,
        }
        for name, it in counts.items()
    }
