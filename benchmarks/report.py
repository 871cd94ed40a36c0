"""Tables for people, and JSON for programs."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks import chart
from benchmarks.bench import Bench
from benchmarks.kept import run_of
from benchmarks.rounds import Spread

Results = dict[str, Any]
TITLES = {
    "side_by_side": "Side by side: one worker each, floor = 1",
    "workers": "FastAPI, two workers against one",
    "telemetry": "FastAPI with telemetry, without = 1",
    "peers": "Projects and peers: one worker each, floor = 1",
}
METHODS = ("GET", "POST")
COUNTS, KINDS = ("instructions", "peer_instructions"), (*METHODS, "levers", "watched")
"""The parts that count instructions, and what they may have counted."""


def collect(bench: Bench, parts: Results) -> Results:
    """Return everything that JSON should have: what was measured, when, on what, and how."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
        },
        "how": {
            "generator": bench.generator.name,
            "rounds": bench.plan.rounds,
            "seconds_per_slice": bench.plan.seconds,
            "cores": bench.cores.describe(),
            "logs": "No access log: APP_LOG_LEVEL=warning for all.",
            "floor": "GET and POST take one round trip each; nothing is validated.",
        },
        "notes": bench.notes,
        "versions": bench.workshop.versions(),
        "parts": parts,
    }


def show(results: Results, console: Console) -> None:
    """Print what was measured."""
    parts = results["parts"]
    for name, tables in _loads(parts):
        for method, contestants in tables.items():
            console.print(_load_table(f"{name} ({method})", contestants))
    for part in COUNTS:
        for kind in KINDS:
            if kind in parts.get(part, {}):
                console.print(_counted(kind, parts[part][kind]))
    for delay, found in parts.get("far_database", {}).items():
        console.print(f"Database {delay} away: the proxy was busy {found['proxy_busy']:.0%}.")
    for part, show_part in _COSTS.items():
        if part in parts:
            console.print(show_part(parts[part]))
    for sentence in (results["how"]["cores"], results["how"]["floor"], *results["notes"]):
        console.print(sentence)


def _loads(parts: Results) -> list[tuple[str, Results]]:
    found = [
        (title, {method: parts[part][method] for method in METHODS if method in parts[part]})
        for part, title in TITLES.items()
        if part in parts
    ]
    for delay, far in parts.get("far_database", {}).items():
        methods = {method: it for method, it in far.items() if method != "proxy_busy"}
        found.append((f"Database {delay} away, usual template = 1", methods))
    return found


def _load_table(title: str, contestants: Results) -> Table:
    table = _table(title, "ratio", "min-max", "by CPU", "req/s", "p50 ms", "p99 ms", "p99/p50")
    for name in by_ratio(contestants):
        it = contestants[name]
        table.add_row(
            name,
            *_median_and_range(it["ratio"], 3),
            f"{it['cpu_ratio']:.3f}",
            f"{it['requests_per_second']['median']:,.0f}",
            f"{it['p50']['median'] * 1000:.2f}",
            f"{it['p99']['median'] * 1000:.2f}",
            f"{it['tail']['median']:.1f}",
        )
    return table


def _counted(what: str, found: Results) -> Table:
    table = _table(f"Instructions of a request ({what})", "ratio", "instructions", "apart")
    for name in sorted(found, key=lambda name: found[name]["instructions"]):
        it = found[name]
        table.add_row(name, f"{it['ratio']:.3f}", f"{it['instructions']:,}", f"{it['apart']:.2%}")
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0)
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _median_and_range(it: dict[str, float], digits: int) -> tuple[str, str]:
    median, low, high = (f"{it[which]:.{digits}f}" for which in ("median", "low", "high"))
    return median, f"{low}-{high}"


def by_ratio(contestants: Results) -> list[str]:
    """Return the names of contestants, the fastest first."""
    return sorted(contestants, key=lambda name: -contestants[name]["ratio"]["median"])


def results_chart(results: Results) -> str:
    """Return the chart of all contestants, as SVG."""
    found = results["parts"]["side_by_side"]
    methods = [*found]
    rows = [
        chart.Row(name, tuple(Spread(**found[method][name]["ratio"]) for method in methods))
        for name in by_ratio(found["GET"])
    ]
    run = run_of(results, "side_by_side")
    how = run["how"]
    subtitle = (
        f"Median of {how['rounds']} rounds, whiskers from the worst to the best; "
        f"one worker, 16 connections, {run['date'][:10]}"
    )
    return chart.draw("Read a company, add a company", subtitle, methods, rows)


def _levers(found: Results) -> Table:
    table = _table("FastAPI with one change, as it is = 1", "ratio", "min-max", "by CPU", "memory")
    for name, it in (found["defaults"] | found["beyond"]).items():
        table.add_row(
            name,
            *_median_and_range(it["ratio"], 3),
            f"{it['cpu_ratio']:.3f}",
            f"{it['memory_ratio']:.2f}",
        )
    return table


def _start_up(found: Results) -> Table:
    table = _table("Until the first 200", "CPU s", "dearest imports, ms")
    for name, it in found.items():
        imports = [
            f"{package} {taken * 1000:.0f}" for package, taken in it["dearest_imports"].items()
        ]
        table.add_row(name, f"{it['cpu_seconds']:.2f}", ", ".join(imports[:3]))
    return table


def _bulk(found: Results) -> Table:
    table = _table("10,000 rows: bulk_insert against session.add_all", "times faster", "min-max")
    for driver, it in found.items():
        table.add_row(driver, *_median_and_range(it["times_faster"], 1))
    return table


def _export(found: Results) -> str:
    before, peak, after = (
        f"{found[f'memory_{when}'] / 2**20:.0f}" for when in ("before", "peak", "after")
    )
    return (
        f"An export of {found['rows']:,} rows ({found['bytes'] / 2**20:.0f} MiB) took "
        f"{found['seconds']:.1f} s; memory in MiB: {before} before, {peak} at most, {after} after."
    )


def _own_tests(found: Results) -> str:
    ratios = {way: it["times_faster"]["median"] for way, it in found.items()}
    return (
        f"A savepoint isolates a test {ratios['create_all']:.1f} times faster than drop_all and "
        f"create_all, {ratios['migrations']:.1f} times faster than migrations back and forth."
    )


def _rendering(found: Results) -> str:
    return (
        f"A bake of {found['files']} files takes {found['seconds']:.2f} s, "
        f"{found['times_slower']['median']:.1f} times as long as as many plain ones."
    )


def _peer_wire(found: Results) -> Table:
    columns = ("round trips of a GET", "of a POST", "connections for 100 GETs, 16 at once")
    table = _table("Between services and the database", *columns)
    for name, it in found.items():
        trips = (f"{it['round_trips'][method]:.3g}" for method in METHODS)
        table.add_row(name, *trips, f"{100 * it['connections_per_request']:.1f}")
    return table


def _worker_starts(found: Results) -> str:
    taken = (f"{it['cpu_seconds']['median']:.2f} s of {number}" for number, it in found.items())
    return f"Seconds of processor until all workers have started: {', '.join(taken)}."


def _start_instructions(found: Results) -> str:
    millions = found["instructions"] / 1e6
    return f"Until its first 200 {found['name']} executes {millions:,.0f} million instructions."


_COSTS = {
    "peer_round_trips": _peer_wire,
    "start_instructions": _start_instructions,
    "worker_starts": _worker_starts,
    "levers": _levers,
    "bulk": _bulk,
    "export": _export,
    "start_up": _start_up,
    "own_tests": _own_tests,
    "rendering": _rendering,
}
