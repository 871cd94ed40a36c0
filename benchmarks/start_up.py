"""What a service costs before it answers."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from dataclasses import asdict
from typing import Any

from benchmarks.bench import Bench
from benchmarks.callgrind import Counts, count_start
from benchmarks.contestants import BASELINE, Contestant
from benchmarks.errors import BenchmarkError
from benchmarks.instructions import run_of_counts
from benchmarks.rounds import spread
from benchmarks.servers import Server, seeded

IMPORT = re.compile(r"import time:\s*(\d+) \|\s*\d+ \|\s*(\S+)")
"""A line of `python -X importtime`: microseconds of the module itself, and its name."""
INSTALLED = (
    "import sys, importlib.util as it;print(*(name for name in sys.argv[1:] if it.find_spec(name)))"
)
"""A program that prints those of its arguments that can be imported."""
STARTS = 3
DEAREST = 10
WORKERS = (1, 2, 4)
SETTLED, IDLE = 1.0, 0.03
"""Seconds in which a service that has started uses hardly more processor than so much."""
PATIENCE = 60


def start_up(bench: Bench) -> dict[str, Any]:
    """Return, for each project, the seconds of processor until its first 200, and its imports."""
    contestants = [bench.workshop.contestant(*pair) for pair in bench.pairs]
    seconds: dict[str, list[float]] = {it.name: [] for it in contestants}
    with seeded(contestants[0].project, bench.directory, rows=1) as url:
        for _ in range(STARTS):
            for it in contestants:
                bench.advance(f"Start {it.name}")
                with it.start(url, bench.log(it.name)) as server:
                    seconds[it.name].append(server.cpu_until_ready)
        imports = {it.name: _imports(bench, it, url) for it in contestants}
    return {
        name: {"cpu_seconds": spread(taken).median, **imports[name]}
        for name, taken in seconds.items()
    }


def start_instructions(bench: Bench) -> dict[str, Any]:
    """Return the instructions until the first 200 of FastAPI's project, counted twice.

    Raises BenchmarkError if the two counts disagree.
    """
    ours = bench.workshop.contestant(*BASELINE)
    with seeded(ours.project, bench.directory, rows=1) as url:
        with ours.start(url, bench.log(ours.name)):
            pass  # compiles its modules
        counts = []
        for number in (1, 2):
            bench.advance(f"Count start {number} of {ours.name}")
            counts.append(count_start(ours, url, bench.log(f"counted-start-{number}")))
    found = Counts(*counts)
    found.ensure_agreement(f"The start of {ours.name}")
    return {
        "name": ours.name,
        "instructions": round(found.mean),
        "apart": found.apart,
        "run": run_of_counts(bench),
    }


def worker_starts(bench: Bench) -> dict[str, Any]:
    """Return the seconds of processor until all workers have started, for so many of them.

    Each also with the mebibytes of memory that its processes hold (resident set size).
    """
    ours = bench.workshop.contestant(*BASELINE)
    seconds: dict[int, list[float]] = {number: [] for number in WORKERS}
    memory: dict[int, list[float]] = {number: [] for number in WORKERS}
    with seeded(ours.project, bench.directory, rows=1) as url:
        for _ in range(STARTS):
            for number in WORKERS:
                bench.advance(f"Start {number} workers")
                options = ("--workers", str(number))
                with ours.start(url, bench.log(f"workers-{number}"), *options) as server:
                    seconds[number].append(_cpu_of_start(server))
                    memory[number].append(server.memory() / 2**20)
    return {
        str(number): {
            "cpu_seconds": asdict(spread(taken)),
            "mebibytes": spread(memory[number]).median,
        }
        for number, taken in seconds.items()
    }


def _cpu_of_start(server: Server) -> float:
    """Return what it used once it rests: the first worker answers before the last one has begun."""
    before, deadline = server.cpu(), time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        time.sleep(SETTLED)
        after = server.cpu()
        if after - before <= IDLE:
            return before
        before = after
    raise BenchmarkError(f"{server.name} uses the processor all the time, without a request.")


def _imports(bench: Bench, contestant: Contestant, url: str) -> dict[str, Any]:
    bench.advance(f"Imports of {contestant.name}")
    telling = Contestant(
        contestant.name, contestant.project, ("-X", "importtime", *contestant.command)
    )
    with telling.start(url, bench.log(contestant.name)) as server:
        log = server.log
    found = read_imports(log.read_text(encoding="utf-8", errors="replace"))
    # Python tells of imports that failed, too: of packages that are looked for and not there.
    installed = contestant.project.succeed(
        contestant.project.python, "-c", INSTALLED, *found["packages"]
    )
    return found | {"packages": installed.split()}


def read_imports(told: str) -> dict[str, Any]:
    """Return the packages that were imported, the dearest first, from what Python tells of it.

    Seconds are those of a package's own modules, without what they import in turn.
    """
    seconds: Counter[str] = Counter()
    for microseconds, module in IMPORT.findall(told):
        seconds[module.partition(".")[0]] += int(microseconds)
    third_party = {name for name in seconds if not name.startswith("_")} - sys.stdlib_module_names
    return {
        "dearest_imports": {name: it / 1e6 for name, it in seconds.most_common(DEAREST)},
        "packages": sorted(third_party),
    }
