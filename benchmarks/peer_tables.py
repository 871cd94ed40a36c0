"""The tables of peers in docs/performance.md."""

from __future__ import annotations

from typing import Any

from benchmarks.contestants import FLOOR, label
from benchmarks.peer_parts import PROJECTS
from benchmarks.report import by_ratio
from benchmarks.tables import spread_of, table

Results = dict[str, Any]
CLOCK, COUNTED, WIRE = "peers", "peer_instructions", "peer_round_trips"


def ours_for(about: Results) -> str:
    """Return the project that a peer is compared with."""
    return label("asyncpg", about["compared_with"])


def peers(results: Results) -> str:
    """Return what each does by the clock, and how many times as much our project does."""
    found = results["parts"][CLOCK]
    get, post, about = (found[it] for it in ("GET", "POST", "about"))
    return table(
        ["", "ours", "GET", "by CPU", "POST", "by CPU", "GET/s", "p99 ÷ p50"],
        (
            [
                name,
                ours if name in about else "",
                spread_of(get[name]["ours"][ours]),
                f"{get[ours]['cpu_ratio'] / get[name]['cpu_ratio']:.2f}",
                spread_of(post[name]["ours"][ours]),
                f"{post[ours]['cpu_ratio'] / post[name]['cpu_ratio']:.2f}",
                f"{get[name]['requests_per_second']['median']:,.0f}",
                f"{get[name]['tail']['median']:.1f}",
            ]
            for name in by_ratio(get)
            if name != FLOOR
            for ours in [ours_for(about[name]) if name in about else label(*PROJECTS[0])]
        ),
    )


def peer_wire(results: Results) -> str:
    """Return what passes between each and the database."""
    wire = results["parts"][WIRE]
    return table(
        ["", "read one", "insert one", "connections opened by 100 reads, 16 at once"],
        (
            [
                name,
                f"{wire[name]['round_trips']['GET']:.3g}",
                f"{wire[name]['round_trips']['POST']:.3g}",
                f"{100 * wire[name]['connections_per_request']:.0f}",
            ]
            for name in wire
        ),
    )


def peer_instructions(results: Results) -> str:
    """Return what each executes for a request, and how many times what our project does."""
    found = results["parts"][COUNTED]
    get, post, about = found["GET"], found["POST"], found["about"]
    return table(
        ["", "ours", "GET", "times ours", "POST", "times ours"],
        (
            [
                name,
                ours if name in about else "",
                f"{get[name]['instructions'] / 1000:,.0f}",
                f"{get[name]['instructions'] / get[ours]['instructions']:.2f}",
                f"{post[name]['instructions'] / 1000:,.0f}",
                f"{post[name]['instructions'] / post[ours]['instructions']:.2f}",
            ]
            for name in sorted(get, key=lambda name: get[name]["instructions"])
            if name != FLOOR
            for ours in [ours_for(about[name]) if name in about else label(*PROJECTS[0])]
        ),
    )


def peer_sources(results: Results) -> str:
    """Return what was read of each, and with which packages it ran."""
    parts = results["parts"]
    about: Results = next((parts[part]["about"] for part in (CLOCK, COUNTED) if part in parts), {})
    return table(
        ["", "read", "at", "runs with"],
        (
            [
                name,
                f"[{it['source'].removeprefix('https://github.com/')}]({it['source']})",
                it["version"],
                ", ".join(f"{package} {version}" for package, version in it["versions"].items()),
            ]
            for name, it in about.items()
        ),
    )
