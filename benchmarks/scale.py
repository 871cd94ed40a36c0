"""What many instances need, and what ends first: `python -m benchmarks.scale`.

The costs are measured: requests a second of one worker by `try.py bench`, the rest by
`benchmarks/sizes.py`. Everything else is arithmetic, which docs/scale.md shows as formulas.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from math import ceil
from pathlib import Path
from typing import Any

Results = dict[str, Any]
DOCS = Path(__file__).parents[1] / "docs"
FIGURES, SIZES = DOCS / "performance.json", DOCS / "scale.json"
MEASURED = "FastAPI, asyncpg"
INSTANCES = (10, 100, 1000)
DAY = 86_400
GIGABIT = 125_000_000
"""Bytes a second."""


@dataclass(frozen=True)
class Costs:
    """What was measured; times in seconds, sizes in bytes."""

    worker_read: float
    """A read, of one worker that does nothing else."""
    worker_write: float
    database_read: float
    """Of PostgreSQL's processor."""
    database_write: float
    pooler_read: float
    """Of PgBouncer's processor."""
    pooler_write: float
    row: float
    """A company, with its share of the indexes."""
    wal: float
    """What one write adds to the write-ahead log."""
    connection: float
    """Of memory, in the server."""
    replay: float
    """Of the write-ahead log, that a replica applies in a second."""


@dataclass(frozen=True)
class Plan:
    """What a reader decides; the formulas' letters are in parentheses."""

    writes: float = 0.1
    """The share of requests that write (s)."""
    load: float = 0.5
    """The share of what a worker, a core or PgBouncer can do, that it does (u)."""
    workers: int = 1
    """Workers of an instance (k)."""
    pool: int = 10
    """Connections of a worker (p)."""
    hold: float = 0.005
    """Seconds for which a request holds a connection (h)."""
    cores: int = 16
    """Cores of a database server (c)."""
    allowed: int = 497
    """Connections that it allows (a)."""
    replicas: int = 2
    """Servers that follow the primary (f)."""


def costs(figures: Results, sizes: Results) -> Costs:
    """Return what was measured."""
    found = figures["parts"]["side_by_side"]
    read, write = (found[it][MEASURED]["requests_per_second"]["median"] for it in ("GET", "POST"))
    return Costs(worker_read=1 / read, worker_write=1 / write, **sizes["costs"])


class Scale:
    """A number of instances, with what they ask for."""

    def __init__(self, instances: float, it: Costs, plan: Plan) -> None:
        """Do the sums."""
        share, workers = plan.writes, instances * plan.workers
        # A worker has one core: what it can do is one over what a request costs it.
        requests = workers * plan.load / ((1 - share) * it.worker_read + share * it.worker_write)
        self.requests = requests
        self.writes = requests * share
        self.reads = requests - self.writes
        self.connections = 2 * workers * plan.pool
        self.busy = requests * plan.hold
        self.memory = self.connections * it.connection
        self.write_cores = self.writes * it.database_write
        self.read_cores = self.reads * it.database_read
        self.servers = ceil(self.read_cores / (plan.cores * plan.load))
        self.wal = self.writes * it.wal
        self.replayed = self.wal / it.replay
        self.rows = self.writes * it.row * DAY
        self.poolers = (self.reads * it.pooler_read + self.writes * it.pooler_write) / plan.load


def needs(it: Costs, plan: Plan, instances: tuple[int, ...]) -> str:
    """Return the table of what each number of instances needs."""
    all_of_them = [Scale(number, it, plan) for number in instances]
    rows: list[tuple[str, Callable[[Scale], str]]] = [
        ("requests a second (R)", lambda it: f"{it.requests:,.0f}"),
        ("writes a second (W)", lambda it: f"{it.writes:,.0f}"),
        ("connections of all pools, during a deployment", lambda it: f"{it.connections:,.0f}"),
        ("of them busy at a time", lambda it: f"{it.busy:,.0f}"),
        ("memory of the server for them", lambda it: _bytes(it.memory)),
        ("cores that PostgreSQL uses for writes", lambda it: f"{it.write_cores:,.1f}"),
        ("cores that PostgreSQL uses for reads", lambda it: f"{it.read_cores:,.1f}"),
        (f"servers of {plan.cores} cores for the reads", lambda it: f"{it.servers:,.0f}"),
        ("write-ahead log a second", lambda it: _bytes(it.wal)),
        ("the same in a day", lambda it: _bytes(it.wal * DAY)),
        ("of what a replica can apply", lambda it: f"{it.replayed:.1%}"),
        ("new rows in a day, with indexes", lambda it: _bytes(it.rows)),
        ("processes of PgBouncer", lambda it: f"{ceil(it.poolers):,}"),
    ]
    head = ["", *(f"{number:,} instances" for number in instances)]
    return _table(head, [[name, *map(show, all_of_them)] for name, show in rows])


def ends(it: Costs, plan: Plan) -> str:
    """Return the table of what ends first: with how many instances each part is full."""
    one = Scale(1, it, plan)
    cores = plan.cores * plan.load
    found = {
        f"connections, {plan.allowed} allowed, without a pooler": plan.allowed / one.connections,
        "one process of PgBouncer": 1 / one.poolers,
        f"the primary, {plan.cores} cores, with all reads": cores
        / (one.read_cores + one.write_cores),
        f"the primary, {plan.cores} cores, with writes only": cores / one.write_cores,
        f"1 Gbit/s for the log of {plan.replicas} replicas": GIGABIT / (plan.replicas * one.wal),
        "what a replica can apply: beyond it the lag grows": 1 / one.replayed,
    }
    rows = [
        [name, f"{int(number):,}", f"{number * one.requests:,.0f}"]
        for name, number in sorted(found.items(), key=lambda it: it[1])
    ]
    return _table(["part", "instances", "requests a second"], rows)


def _bytes(number: float) -> str:
    units = ["B", "KiB", "MiB", "GiB", "TiB"]
    while number >= 1024 and len(units) > 1:
        number /= 1024
        del units[0]
    return f"{number:,.1f} {units[0]}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _measured(figures: Results) -> str:
    sizes = kept()
    it = costs(figures, sizes)
    rows = [
        ["a worker: reads a second (g)", f"{1 / it.worker_read:,.0f}"],
        ["a worker: writes a second (q)", f"{1 / it.worker_write:,.0f}"],
        ["PostgreSQL: processor time of a read (d)", f"{it.database_read * 1e6:,.0f} µs"],
        ["PostgreSQL: processor time of a write (e)", f"{it.database_write * 1e6:,.0f} µs"],
        ["PgBouncer: processor time of a read (x)", f"{it.pooler_read * 1e6:,.0f} µs"],
        ["PgBouncer: processor time of a write (y)", f"{it.pooler_write * 1e6:,.0f} µs"],
        ["a row with its share of the indexes (b)", f"{it.row:,.0f} B"],
        ["write-ahead log of a write (w)", f"{it.wal:,.0f} B"],
        ["memory of the server for a connection (m)", _bytes(it.connection)],
        ["log that a replica applies in a second (v)", _bytes(it.replay)],
    ]
    table = _table(["", "measured"], rows)
    return (
        f"{table}\n\nThe first two are of [the benchmark](performance.md); the others were "
        f"measured on {sizes['date']} on {sizes['system']} with PostgreSQL {sizes['postgresql']}."
    )


def kept() -> Results:
    """Return what `benchmarks/sizes.py` measured last."""
    found: Results = json.loads(SIZES.read_text(encoding="utf-8"))
    return found


BLOCKS: dict[str, Callable[[Results], str]] = {
    "scale_costs": _measured,
    "scale_needs": lambda figures: needs(costs(figures, kept()), Plan(), INSTANCES),
    "scale_ends": lambda figures: ends(costs(figures, kept()), Plan()),
}
"""What docs/scale.md has between its marks, by their names."""


def main() -> int:
    """Print the tables for what the arguments say."""
    parser = argparse.ArgumentParser(prog="benchmarks.scale", description="What instances need.")
    parser.add_argument("--instances", type=int, nargs="+", default=INSTANCES, metavar="N")
    for field in fields(Plan):
        option = f"--{field.name}"
        parser.add_argument(option, type=type(field.default), default=field.default, metavar="N")
    for field in fields(Costs):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=float, metavar="N")
    options = vars(parser.parse_args())
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    own = {it.name: options[it.name] for it in fields(Costs) if options[it.name] is not None}
    it = Costs(**(vars(costs(figures, kept())) | own))
    plan = Plan(**{field.name: options[field.name] for field in fields(Plan)})
    print(needs(it, plan, tuple(options["instances"])), ends(it, plan), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
