"""The figures that docs/performance.json keeps: of the last run of all parts, and of parts alone.

A part that was measured by itself replaces the older one; `alone` has the date and the conditions
of its run. Those of all others stand at the top.
"""

from __future__ import annotations

import json
from typing import Any

from support.bake import TEMPLATE

from benchmarks.contestants import FLOOR
from benchmarks.errors import BenchmarkError

Results = dict[str, Any]
FIGURES = TEMPLATE / "docs" / "performance.json"
NAMED = ("fastapi", "litestar", "starlette", "sqlalchemy", "asyncpg", "psycopg", "uvicorn")
"""The packages whose versions are told."""
WIDEST = 1.3
"""The floor's best round, times its worst one: a run in which it varies more is not documented."""
OF_FLOOR = ("side_by_side", "peers")
"""The parts that have a floor. Of the others no bound is asked: they say how far they spread."""
METHODS = ("GET", "POST")


def merged(results: Results, *, alone: bool) -> Results:
    """Return all that is to be kept: a run of all parts, or parts that take their places.

    Raises BenchmarkError for a run on a machine that was busy.
    """
    ensure_steady(results)
    if not alone:
        return results
    kept: Results = json.loads(FIGURES.read_text(encoding="utf-8"))
    run = {name: it for name, it in results.items() if name != "parts"}
    versions = results["versions"]
    run["versions"] = {name: versions[name] for name in NAMED if name in versions}
    kept["parts"] |= results["parts"]
    kept["alone"] = kept.get("alone", {}) | dict.fromkeys(results["parts"], run)
    return kept


def run_of(results: Results, part: str) -> Results:
    """Return the date and the conditions of the run that a part is of."""
    found: Results = results.get("alone", {}).get(part, results)
    return found


def ensure_steady(results: Results) -> None:
    """Raise BenchmarkError if the floor's rounds are further apart than WIDEST."""
    for part in OF_FLOOR:
        if part in results["parts"] and (found := steadiness(results["parts"][part])) > WIDEST:
            raise BenchmarkError(
                f"{part}: the floor's best round has {found:.2f} times the requests of its worst "
                f"one. With more than {WIDEST} nothing is documented: the machine was busy. "
                "Measure again on a machine that does nothing else."
            )


def steadiness(found: Results) -> float:
    """Return the floor's best round, times its worst one, of the method where that is most."""
    rates = [found[it][FLOOR]["requests_per_second"] for it in METHODS if it in found]
    widest: float = max(it["high"] / it["low"] for it in rates)
    return widest


def widest(results: Results) -> float | None:
    """Return the same of a whole run, if any of its parts has a floor."""
    found = [steadiness(it) for part, it in results["parts"].items() if part in OF_FLOOR]
    return max(found, default=None)


def conditions(results: Results, part: str) -> str:
    """Return a sentence or two for a table: when and how its part was measured."""
    run = run_of(results, part)
    date = run["date"][:10]
    if run is results:
        told = f"Measured on {date}, in the run of all parts."
    else:
        how, machine = run["how"], run["machine"]
        told = (
            f"Measured by itself on {date} on {machine['system']} with {machine['cores']} cores "
            f"and Python {machine['python']}: {how['rounds']} rounds of "
            f"{how['seconds_per_slice']:g} s."
        )
        if how["cores"] != results["how"]["cores"]:
            told += f" {how['cores']}"
        if (versions := named(run["versions"])) != named(results["versions"]):
            told += f" Versions: {versions}."
    found = steadiness(results["parts"][part]) if part in OF_FLOOR else run.get("floor_spread")
    if found and found > WIDEST:
        told += (
            f" The machine was busy: in that run the floor's best round had {found:.2f} times the "
            f"requests of its worst one, too many for tables with the floor ({WIDEST})."
        )
    elif found:
        told += f" The floor's best round had {found:.2f} times the requests of its worst one."
    return told


def named(versions: dict[str, str]) -> str:
    """Return the versions that are told."""
    return ", ".join(f"{name} {versions[name]}" for name in NAMED if name in versions)
