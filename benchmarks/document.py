"""The figures in the documentation: all are those of one run, which docs/performance.json keeps.

A page has them between `<!-- measured: NAME -->` and `<!-- end -->`, and is filled again with
what is kept by `python -m benchmarks.document`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from support.bake import TEMPLATE

from benchmarks.bars import BARS, TIMES_USUAL, TIMES_USUAL_FAR
from benchmarks.callgrind import BOUND
from benchmarks.contestants import FLOOR
from benchmarks.errors import BenchmarkError
from benchmarks.report import by_ratio, results_chart
from benchmarks.scale import BLOCKS as SCALE
from benchmarks.telemetry import NOT_YET
from benchmarks.telemetry import WAYS as TELEMETRY

Results = dict[str, Any]
DOCS = TEMPLATE / "docs"
FIGURES, CHART = DOCS / "performance.json", DOCS / "performance.svg"
PAGES = (DOCS / "performance.md", TEMPLATE / "README.md", DOCS / "scale.md")
BLOCK = re.compile(r"(<!-- measured: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
NAMED = ("fastapi", "litestar", "starlette", "sqlalchemy", "asyncpg", "psycopg", "uvicorn")
"""The packages whose versions are told."""

WAYS = {
    "create_all": "drop and create its two tables",
    "create_all_of_ten": "drop and create ten tables",
    "migrations": "migrate down and up",
}


WIDEST = 1.3
"""The floor's best round, times its worst one: a run in which it varies more is not documented."""
COUNTED = "instructions"
"""The part that no other load on the machine changes: it may be documented by itself."""


def document(results: Results) -> None:
    """Put what was measured into the pages, the chart and the file that keeps it.

    Counted instructions alone replace those of the last run. Raises BenchmarkError, and changes
    nothing, for a run on a machine that was busy.
    """
    if results["parts"].keys() == {COUNTED}:
        counted = results["parts"][COUNTED]
        results = json.loads(FIGURES.read_text(encoding="utf-8"))
        results["parts"] = {COUNTED: counted} | results["parts"] | {COUNTED: counted}
    else:
        ensure_steady(results)
    FIGURES.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    CHART.write_text(results_chart(results), encoding="utf-8")
    fill_pages()


def fill_pages() -> None:
    """Put the figures that are kept into the pages."""
    results = json.loads(FIGURES.read_text(encoding="utf-8"))
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(filled(text, results), encoding="utf-8")


def ensure_steady(results: Results) -> None:
    """Raise BenchmarkError if the floor's rounds are further apart than WIDEST."""
    for method, contestants in results["parts"]["side_by_side"].items():
        if (found := _steadiness(contestants)) > WIDEST:
            raise BenchmarkError(
                f"The floor's best round of {method} has {found:.2f} times the requests of its "
                f"worst one. With more than {WIDEST} nothing is documented: the machine was busy. "
                "Measure again on a machine that does nothing else."
            )


def _steadiness(contestants: Results) -> float:
    rate = contestants[FLOOR]["requests_per_second"]
    steadiness: float = rate["high"] / rate["low"]
    return steadiness


def filled(page: str, results: Results) -> str:
    """Return the page with the figures of `results`; raises KeyError for an unknown block."""
    return BLOCK.sub(lambda it: f"{it[1]}{BLOCKS[it[2]](results)}\n{it[3]}", page)


def _run(results: Results) -> str:
    how, machine, versions = (results[it] for it in ("how", "machine", "versions"))
    packages = _named(versions)
    found = max(map(_steadiness, results["parts"]["side_by_side"].values()))
    busy = f", more than the {WIDEST} that are documented from now on" if found > WIDEST else ""
    return (
        f"Measured on {results['date'][:10]} on {machine['system']} with {machine['cores']} cores "
        f"and Python {machine['python']}, with {how['generator']}: {how['rounds']} rounds of "
        f"{how['seconds_per_slice']:g} s for each contestant. {how['cores']} {how['logs']} "
        f"Versions: {packages}. The floor's best round had {found:.2f} times the requests of its "
        f"worst one{busy}."
    )


def _named(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {versions[name]}" for name in NAMED)


def _counted(results: Results) -> str:
    found = results["parts"][COUNTED]
    run, get, post = found["run"], found["GET"], found["POST"]
    table = _table(
        ["", "GET", "of the floor", "POST", "of the floor"],
        (
            [
                name,
                f"{get[name]['instructions'] / 1000:,.0f}",
                f"{get[name]['ratio']:.3f}",
                f"{post[name]['instructions'] / 1000:,.0f}",
                f"{post[name]['ratio']:.3f}",
            ]
            for name in sorted(get, key=lambda name: get[name]["instructions"])
        ),
    )
    kinds = ("GET", "POST", "levers", "watched")
    apart = max(it["apart"] for kind in kinds for it in found.get(kind, {}).values())
    return (
        f"{table}\n\nThousands of instructions for a request, counted on {run['date'][:10]} on "
        f"{run['system']} with Python {run['python']} and valgrind {run['valgrind']}. Each was "
        f"counted twice: the two differ by {apart:.1%} at most (refused: more than {BOUND:.0%}). "
        f"Versions: {_named(run['versions'])}."
    )


def _side_by_side(results: Results) -> str:
    found = results["parts"]["side_by_side"]
    get, post = found["GET"], found["POST"]
    return _table(
        ["", "GET", "by CPU", "POST", "by CPU", "GET/s", "p50 ms", "p99 ÷ p50"],
        (
            [
                name,
                _spread(get[name]["ratio"]),
                f"{get[name]['cpu_ratio']:.2f}",
                _spread(post[name]["ratio"]),
                f"{post[name]['cpu_ratio']:.2f}",
                f"{get[name]['requests_per_second']['median']:,.0f}",
                f"{get[name]['p50']['median'] * 1000:.1f}",
                f"{get[name]['tail']['median']:.1f}",
            ]
            for name in by_ratio(get)
        ),
    )


def _far_database(results: Results) -> str:
    return _table(
        ["round trip", "", "GET", "p50 ms", "POST", "p50 ms"],
        (
            [
                f"+{delay}",
                name,
                _spread(far["GET"][name]["ratio"]),
                f"{far['GET'][name]['p50']['median'] * 1000:.1f}",
                _spread(far["POST"][name]["ratio"]),
                f"{far['POST'][name]['p50']['median'] * 1000:.1f}",
            ]
            for delay, far in results["parts"]["far_database"].items()
            for name in by_ratio(far["GET"])
        ),
    )


def _workers(results: Results) -> str:
    found = results["parts"]["workers"]
    return _table(
        ["", *found],
        (
            [name, *(_spread(contestants[name]["ratio"]) for contestants in found.values())]
            for name in sorted(found["GET"])
        ),
    )


def _defaults(results: Results) -> str:
    return _levers(results, "defaults", "without", "why it is the default")


def _beyond(results: Results) -> str:
    return _levers(results, "beyond", "with", "why it is not the default")


def _levers(results: Results, kind: str, change: str, why: str) -> str:
    counted = results["parts"][COUNTED]["levers"]
    return _table(
        [change, "instructions", "GET", "by CPU", "p99 ÷ p50", "memory", why],
        (
            [
                name,
                f"{counted[name]['ratio']:.2f}" if name in counted else "",
                _spread(it["ratio"]),
                f"{it['cpu_ratio']:.2f}",
                f"{it['tail']['median']:.1f}",
                f"{it['memory_ratio']:.2f}",
                it["why"],
            ]
            for name, it in results["parts"]["levers"][kind].items()
        ),
    )


def _watched(results: Results) -> str:
    found = results["parts"][COUNTED].get("watched", {})
    return _table(
        ["with", "instructions", "of a GET as it is"],
        (
            [name, f"{it['instructions'] / 1000:,.0f}", f"{it['ratio']:.3f}"]
            for name, it in found.items()
        ),
    )


def _telemetry(results: Results) -> str:
    if "telemetry" not in results["parts"]:
        return NOT_YET
    found = results["parts"]["telemetry"]["GET"]
    return _table(
        ["with", "GET", "by CPU", "p99 ÷ p50"],
        (
            [
                name,
                _spread(found[name]["ratio"]),
                f"{found[name]['cpu_ratio']:.2f}",
                f"{found[name]['tail']['median']:.1f}",
            ]
            for name in TELEMETRY
        ),
    )


def _bulk(results: Results) -> str:
    return _table(
        ["driver", "times `add_all`", "10,000 rows, s", "`add_all`, s"],
        (
            [
                driver,
                _spread(it["times_faster"], digits=1),
                f"{it['bulk_insert']:.3f}",
                f"{it['add_all']:.2f}",
            ]
            for driver, it in results["parts"]["bulk"].items()
        ),
    )


def _export(results: Results) -> str:
    it = results["parts"]["export"]
    before, peak, after = (_mib(it[f"memory_{when}"]) for when in ("before", "peak", "after"))
    return (
        f"{it['rows']:,} rows, {_mib(it['bytes'])} of JSON, in {it['seconds']:.0f} s. The process "
        f"held {before} before, {peak} at most, and {after} after."
    )


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"


def _start_up(results: Results) -> str:
    return _table(
        ["", "CPU s", "dearest imports, ms of their own"],
        (
            [
                name,
                f"{it['cpu_seconds']:.2f}",
                ", ".join(
                    f"{package} {1000 * seconds:.0f}"
                    for package, seconds in [*it["dearest_imports"].items()][:5]
                ),
            ]
            for name, it in results["parts"]["start_up"].items()
        ),
    )


def _own_tests(results: Results) -> str:
    return _table(
        ["instead of a savepoint", "times as long"],
        (
            [WAYS[way], _spread(it["times_faster"], digits=1)]
            for way, it in results["parts"]["own_tests"].items()
        ),
    )


def _rendering(results: Results) -> str:
    it = results["parts"]["rendering"]
    return (
        f"A bake of {it['files']} files takes {it['seconds']:.2f} s, "
        f"{_spread(it['times_slower'], digits=1)} times as long as that of as many files with "
        "nothing in them to render."
    )


def _bars(results: Results) -> str:
    parts = results["parts"]
    return _table(
        ["", "bar", "measured", ""],
        (
            [it.what, it.limit, f"{it.measured(parts):.2f}", "" if it.is_met(parts) else "missed"]
            for it in BARS
        ),
    )


def _headline(results: Results) -> str:
    parts = results["parts"]
    return (
        f"![requests a second, side by side](docs/{CHART.name})\n\n"
        f"On {results['date'][:10]}, FastAPI's project answered "
        f"{TIMES_USUAL.measured(parts):.1f} times as many reads a second as "
        "the template that tutorials show, and "
        f"{TIMES_USUAL_FAR.measured(parts):.1f} times as many with its database "
        "2 ms away."
    )


def _spread(it: dict[str, float], digits: int = 2) -> str:
    median, low, high = (f"{it[which]:.{digits}f}" for which in ("median", "low", "high"))
    return f"{median} ({low} to {high})"


def _table(columns: list[str], rows: Iterable[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


BLOCKS: dict[str, Callable[[Results], str]] = {
    "run": _run,
    "headline": _headline,
    "counted": _counted,
    "side_by_side": _side_by_side,
    "far_database": _far_database,
    "workers": _workers,
    "defaults": _defaults,
    "beyond": _beyond,
    "telemetry": _telemetry,
    "watched": _watched,
    "bulk": _bulk,
    "export": _export,
    "start_up": _start_up,
    "own_tests": _own_tests,
    "rendering": _rendering,
    "bars": _bars,
    **SCALE,
}


if __name__ == "__main__":
    fill_pages()
