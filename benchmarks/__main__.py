"""What a project costs: `python3 try.py bench`."""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from support.bake import WEB_FRAMEWORKS

from benchmarks import report
from benchmarks.bench import Bench
from benchmarks.bulk import bulk, own_tests
from benchmarks.contestants import DRIVERS, Workshop, chosen
from benchmarks.cores import find_cores
from benchmarks.document import document
from benchmarks.errors import BenchmarkError
from benchmarks.export import export
from benchmarks.generator import find_generator
from benchmarks.instructions import instructions
from benchmarks.kept import widest
from benchmarks.levers import LEVERS, ROUNDS, levers
from benchmarks.loads import far_database, side_by_side, workers
from benchmarks.measuring import Plan
from benchmarks.peer_files import BUILT_IN, Inn, read_peer
from benchmarks.peer_parts import peer_instructions, peer_round_trips, peers
from benchmarks.rendering import rendering
from benchmarks.start_up import STARTS, WORKERS, start_instructions, start_up, worker_starts
from benchmarks.telemetry import SEEN, WAYS, telemetry

PARTS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "instructions": instructions,
    "side_by_side": side_by_side,
    "far_database": far_database,
    "workers": workers,
    "levers": levers,
    "telemetry": telemetry,
    "bulk": bulk,
    "export": export,
    "start_up": start_up,
    "start_instructions": start_instructions,
    "worker_starts": worker_starts,
    "own_tests": own_tests,
    "rendering": rendering,
    "peer_instructions": peer_instructions,
    "peer_round_trips": peer_round_trips,
    "peers": peers,
}
OF_PEERS = ["peer_instructions", "peer_round_trips", "peers"]


def main() -> int:
    """Measure what the arguments ask for, print it, and return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    options = _options()
    console = Console()
    try:
        results = _read(options) if options.figures else _run(options, console)
    except BenchmarkError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    except AssertionError as error:
        # A command that a project should have been able to run.
        print(f"benchmark: {str(error).strip()[-2000:]}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    report.show(results, console)
    as_json = json.dumps(results, indent=2) + "\n"
    if options.json:
        options.json.write_text(as_json, encoding="utf-8")
    if options.plot:
        options.plot.write_text(report.results_chart(results), encoding="utf-8")
    if options.document:
        try:
            document(results, alone=results["parts"].keys() != PARTS.keys())
        except BenchmarkError as error:
            print(f"benchmark: {error}", file=sys.stderr)
            return 1
    return 0


def _read(options: argparse.Namespace) -> report.Results:
    try:
        found: report.Results = json.loads(options.figures.read_text(encoding="utf-8"))
        # What is chosen of it must not forget how busy the machine was.
        found["floor_spread"] = widest(found)
        found["parts"] = {part: found["parts"][part] for part in options.part or found["parts"]}
    except (OSError, ValueError, LookupError) as error:
        raise BenchmarkError(
            f"{options.figures} is no file that --json wrote, or lacks a part: {error}."
        ) from None
    return found


def _run(options: argparse.Namespace, console: Console) -> report.Results:
    # What is wrong with the command comes before what is missing on this machine.
    pairs = chosen(options.driver, options.framework)
    described = [read_peer(it) for it in options.peer or BUILT_IN]
    generator = find_generator()
    progress = Progress(
        TextColumn("{task.description}", justify="left"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    with tempfile.TemporaryDirectory(prefix="benchmark-") as place, progress:
        directory = Path(place)
        # Others run PostgreSQL, and may have to enter.
        directory.chmod(0o755)
        task = progress.add_task("", total=None)

        def advance(what: str) -> None:
            progress.update(task, description=f"{part}: {what}", advance=1)

        bench = Bench(
            directory=directory,
            workshop=Workshop(directory, advance),
            inn=Inn(directory),
            generator=generator,
            plan=Plan(options.rounds, options.seconds),
            cores=find_cores(),
            pairs=pairs,
            peers=described,
            rows=options.rows,
            advance=advance,
        )
        if "POST" not in generator.methods:
            bench.notes.append(
                f"{generator.name} can't give each request a body of its own: only reads."
            )
        done: dict[str, Any] = {}
        parts = options.part or PARTS
        progress.update(task, total=sum(_steps(part, bench) for part in parts))
        for part in parts:
            done[part] = PARTS[part](bench)
        return report.collect(bench, done)


def _steps(part: str, bench: Bench) -> int:
    """Return about how often a part says what is next."""
    slices = (bench.plan.rounds + 1) * len(bench.generator.methods)
    steps = {
        "instructions": 2 * (len(bench.pairs) + 2) + len(LEVERS) + len(SEEN) + len(WAYS),
        "side_by_side": (slices + 1) * (len(bench.pairs) + 2),
        "far_database": slices * 4,
        "workers": slices * 2,
        "levers": (min(bench.plan.rounds, ROUNDS) + 1) * (len(LEVERS) + 2),
        "telemetry": (bench.plan.rounds + 1) * (len(WAYS) + 2),
        "bulk": 8,
        "start_up": (STARTS + 1) * len(bench.pairs),
        "start_instructions": 2,
        "worker_starts": STARTS * len(WORKERS),
        "peers": (slices + 1) * (len(bench.peers) + 4),
        "peer_round_trips": len(bench.peers) + 3,
        "peer_instructions": 2 * (len(bench.peers) + 4),
    }
    return steps.get(part, 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="try.py bench", description=__doc__)
    parser.add_argument("--driver", action="append", choices=DRIVERS, help="repeatable")
    parser.add_argument("--framework", action="append", choices=WEB_FRAMEWORKS, help="repeatable")
    parser.add_argument("--part", action="append", choices=PARTS, help="repeatable; default: all")
    parser.add_argument(
        "--peer",
        action="append",
        type=Path,
        metavar="FILE",
        help="a service to compare ours with, which docs/performance.md says how to describe; "
        "repeatable; only the parts of peers run",
    )
    parser.add_argument("--rounds", type=int, default=8, metavar="N")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a slice")
    parser.add_argument("--rows", type=int, default=1_000_000, help="that the export streams")
    parser.add_argument("--json", type=Path, metavar="FILE", help="everything that was measured")
    parser.add_argument(
        "--from",
        dest="figures",
        type=Path,
        metavar="FILE",
        help="measure nothing: show, draw or document what an earlier --json wrote, or parts of it",
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="a chart, as SVG")
    parser.add_argument("--document", action="store_true", help="put the figures into the docs")
    parser.add_argument("--quick", action="store_true", help="a look: short slices, two rounds")
    options = parser.parse_args()
    options.driver, options.framework = options.driver or [], options.framework or []
    if options.quick:
        options.rounds, options.seconds = min(options.rounds, 2), min(options.seconds, 0.5)
        options.rows = min(options.rows, 50_000)
    if options.plot and options.part and "side_by_side" not in options.part:
        parser.error("--plot draws the part side_by_side")
    if options.document and (options.driver or options.framework or options.peer or options.quick):
        parser.error(
            "--document takes the figures of all drivers, frameworks and peers, "
            "and of no quick look"
        )
    if options.peer:
        options.part = options.part or OF_PEERS
        if others := [it for it in options.part if it not in OF_PEERS]:
            parser.error(f"--peer is for the parts {' and '.join(OF_PEERS)}, not for {others[0]}")
    if options.rounds < 1 or options.seconds <= 0 or options.rows < 1:
        parser.error("--rounds, --seconds and --rows take positive numbers")
    return options


if __name__ == "__main__":
    sys.exit(main())
