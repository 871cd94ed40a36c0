"""A long export, and the memory that it takes."""

from __future__ import annotations

import threading
from time import perf_counter
from typing import Any

import httpx2
from support.background import background

from benchmarks.bench import Bench
from benchmarks.contestants import BASELINE
from benchmarks.errors import BenchmarkError
from benchmarks.routes import COMPANIES
from benchmarks.servers import Server, seeded

WARM_UP_ROWS = 10_000


def export(bench: Bench) -> dict[str, Any]:
    """Return the service's memory before, during and after, in bytes, and the export's seconds."""
    ours = bench.workshop.contestant(*BASELINE)
    bench.advance(f"Export {bench.rows:,} rows")
    with (
        seeded(ours.project, bench.directory, bench.rows) as url,
        ours.start(url, bench.log(ours.name)) as server,
    ):
        # Enough that everything is imported and every buffer has its size.
        _read(server, min(WARM_UP_ROWS, bench.rows))
        before, start = server.memory(), perf_counter()
        seen = [before]

        def watch(stop: threading.Event) -> None:
            while not stop.wait(0.05):
                seen.append(server.memory())

        with background(watch):
            rows, size = _read(server)
        if rows != bench.rows:
            raise BenchmarkError(f"The export has {rows} rows instead of {bench.rows}.")
        return {
            "rows": rows,
            "bytes": size,
            "seconds": perf_counter() - start,
            "memory_before": before,
            "memory_peak": max(seen),
            "memory_after": server.memory(),
        }


def _read(server: Server, most: int | None = None) -> tuple[int, int]:
    rows = size = 0
    url = f"{server.url}{COMPANIES}/export"
    with httpx2.stream("GET", url, timeout=60, trust_env=False) as response:
        response.raise_for_status()
        for chunk in response.iter_raw():
            rows += chunk.count(b"\n")
            size += len(chunk)
            if most and rows >= most:
                break
    return rows, size
