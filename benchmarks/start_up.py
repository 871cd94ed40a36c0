"""What a service costs before it answers."""

from __future__ import annotations

import re
import sys
from collections import Counter
from typing import Any

from benchmarks.bench import Bench
from benchmarks.contestants import Contestant
from benchmarks.rounds import spread
from benchmarks.servers import seeded

IMPORT = re.compile(r"import time:\s*(\d+) \|\s*\d+ \|\s*(\S+)")
"""A line of `python -X importtime`: microseconds of the module itself, and its name."""
INSTALLED = (
    "import sys, importlib.util as it;print(*(name for name in sys.argv[1:] if it.find_spec(name)))"
)
"""A program that prints those of its arguments that can be imported."""
STARTS = 3
DEAREST = 10


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
