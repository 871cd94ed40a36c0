"""Ten thousand rows at once, against `session.add_all`."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devtools.local_postgres import find_programs
from devtools.local_server import EXE, LocalServerError
from support.bake import WEB_FRAMEWORKS
from support.projects import Project, environment

from benchmarks.bench import Bench
from benchmarks.contestants import DRIVERS as OF_POSTGRESQL
from benchmarks.contestants import label
from benchmarks.errors import BenchmarkError
from benchmarks.rounds import spread
from benchmarks.servers import migrated

DRIVERS = ("asyncpg", "psycopg", "aiosqlite", "asyncmy")
ROWS, ROUNDS = 10_000, 5
BARE = "asyncpg"
"""The driver that is also measured in a table without a unique index and checks."""
PROBES = Path(__file__).parent / "probes"
COPY = r"""
\timing on
\copy companies (name, industry, created_at, updated_at) FROM '{file}'
\timing off
DELETE FROM companies;
"""
"""What psql is told, for each round; its clock has the transaction in it."""


def bulk(bench: Bench) -> dict[str, Any]:
    """Return, for each driver, how many times faster `bulk_insert` is; times in seconds."""
    results = {}
    for driver in DRIVERS:
        project = bench.workshop.project(driver, WEB_FRAMEWORKS[0])
        if (result := _bulk(bench, project)) is not None:
            results[driver] = result
        if driver == BARE and (result := _bulk(bench, project, bare=1)) is not None:
            results[f"{driver}, bare table"] = result
    return results


def _bulk(bench: Bench, project: Project, *, bare: int = 0) -> dict[str, Any] | None:
    bench.advance(f"Bulk inserts, {label(project.driver, WEB_FRAMEWORKS[0])}")
    try:
        with migrated(project, bench.directory) as url:
            rounds = min(bench.plan.rounds, ROUNDS)
            seconds = probe(project, "bulk.py", url, rows=ROWS, rounds=rounds, bare=bare)
            of_psql = (
                _by_psql(url, bench.directory, rounds) if project.driver in OF_POSTGRESQL else {}
            )
    except LocalServerError as error:
        bench.notes.append(f"Bulk inserts with {project.driver} are left out: {error}")
        return None
    return _compared(seconds, "add_all", "bulk_insert") | of_psql


def _by_psql(url: str, directory: Path, rounds: int) -> dict[str, float]:
    """Return the seconds in which psql copies such rows from a file: what the server needs."""
    now, script = datetime.now(UTC).isoformat(), ""
    for number in range(rounds + 1):
        rows = (f"psql {number} {row}\tCounting\t{now}\t{now}\n" for row in range(ROWS))
        file = directory / f"rows-{number}.txt"
        file.write_text("".join(rows), encoding="utf-8", newline="\n")
        script += COPY.format(file=file.as_posix())
    psql = find_programs() / f"psql{EXE}"
    done = subprocess.run(
        [psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={url}"],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=environment(LC_ALL="C"),
        input=script,
    )
    if done.returncode:
        raise BenchmarkError(f"psql failed: {done.stderr.strip()}")
    _, *taken = re.findall(r"^Time: ([\d.]+) ms", done.stdout, re.MULTILINE)
    return {"psql": spread(float(it) / 1000 for it in taken).median}


def own_tests(bench: Bench) -> dict[str, Any]:
    """Return what isolates a test, and what it costs; times in seconds."""
    project = bench.workshop.project("asyncpg", WEB_FRAMEWORKS[0])
    bench.advance("Isolation of tests")
    with migrated(project, bench.directory) as url:
        seconds = probe(project, "isolation.py", url, rounds=bench.plan.rounds * 3)
    return {way: _compared(seconds, way, "savepoint") for way in seconds if way != "savepoint"}


def probe(project: Project, name: str, url: str, **options: int) -> dict[str, list[float]]:
    """Return what a program prints that runs in the project's environment."""
    arguments = [f"--{option}={value}" for option, value in options.items()]
    told = project.succeed(
        project.python, PROBES / name, *arguments, DATABASE_URL=url, PYTHONPATH=str(project.path)
    )
    found: dict[str, list[float]] = json.loads(told)
    return found


def _compared(seconds: dict[str, list[float]], slow: str, fast: str) -> dict[str, Any]:
    pairs = zip(seconds[slow], seconds[fast], strict=True)
    ratio = spread(before / after for before, after in pairs)
    return {
        "times_faster": asdict(ratio),
        **{name: spread(seconds[name]).median for name in (slow, fast)},
    }
