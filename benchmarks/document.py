"""The figures in the documentation, which docs/performance.json keeps.

A page has them between `<!-- measured: NAME -->` and `<!-- end -->`, and is filled again with
what is kept by `python -m benchmarks.document`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from support.bake import TEMPLATE

from benchmarks import peer_tables
from benchmarks.bars import BARS, TIMES_USUAL, TIMES_USUAL_FAR
from benchmarks.callgrind import BOUND
from benchmarks.kept import FIGURES, Results, conditions, merged, named, run_of
from benchmarks.report import COUNTS, KINDS, by_ratio, results_chart
from benchmarks.scale import BLOCKS as SCALE
from benchmarks.tables import spread_of, table
from benchmarks.telemetry import WAYS as TELEMETRY

DOCS = TEMPLATE / "docs"
CHART = DOCS / "performance.svg"
PAGES = (DOCS / "performance.md", TEMPLATE / "README.md", DOCS / "scale.md")
BLOCK = re.compile(r"(<!-- measured: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
NOT_YET = "Not measured yet: `--part {part} --document` does it."
COUNTED = COUNTS[0]
WAYS = {
    "create_all": "drop and create its two tables",
    "create_all_of_ten": "drop and create ten tables",
    "migrations": "migrate down and up",
}


def document(results: Results, *, alone: bool) -> None:
    """Put what was measured into the pages, the chart and the file that keeps it.

    Parts that were measured alone take the places of older ones. Raises BenchmarkError, and
    changes nothing, for a run on a machine that was busy.
    """
    write(merged(results, alone=alone))


def write(results: Results) -> None:
    """Write the file, the chart and the pages anew."""
    FIGURES.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    CHART.write_text(results_chart(results), encoding="utf-8")
    fill_pages()


def fill_pages() -> None:
    """Put the figures that are kept into the pages."""
    results = json.loads(FIGURES.read_text(encoding="utf-8"))
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(filled(text, results), encoding="utf-8")


def filled(page: str, results: Results) -> str:
    """Return the page with the figures of `results`; raises KeyError for an unknown block."""
    return BLOCK.sub(lambda it: f"{it[1]}{_block(it[2], results)}\n{it[3]}", page)


def _block(name: str, results: Results) -> str:
    part = PARTS_OF.get(name, name)
    if name in OF_NO_PART:
        return BLOCKS[name](results)
    if part not in results["parts"]:
        return NOT_YET.format(part=part)
    # Of instructions each count says when it was made.
    when = COUNTED_ON.get(part, conditions)(results, part)
    return f"{BLOCKS[name](results)}\n\n{when}"


def _run(results: Results) -> str:
    how, machine = results["how"], results["machine"]
    return (
        f"The last run of all parts was on {results['date'][:10]} on {machine['system']} with "
        f"{machine['cores']} cores and Python {machine['python']}, with {how['generator']}: "
        f"{how['rounds']} rounds of {how['seconds_per_slice']:g} s for each contestant. "
        f"{how['cores']} {how['logs']} Versions: {named(results['versions'])}."
    )


def _counted_on(results: Results, part: str) -> str:
    found = results["parts"][part]
    apart = max(it["apart"] for kind in KINDS for it in found.get(kind, {}).values())
    return (
        f"Thousands of instructions for a request, {_by_valgrind(found['run'])}. Each was "
        f"counted twice: the two differ by {apart:.1%} at most (refused: more than {BOUND:.0%}). "
        f"Versions: {named(found['run']['versions'])}."
    )


def _start_counted_on(results: Results, part: str) -> str:
    found = results["parts"][part]
    return (
        f"It was {_by_valgrind(found['run'])}, twice: the two differ by {found['apart']:.1%}. "
        f"Versions: {named(found['run']['versions'])}."
    )


def _by_valgrind(run: Results) -> str:
    return (
        f"counted on {run['date'][:10]} on {run['system']} with Python {run['python']} and "
        f"valgrind {run['valgrind']}"
    )


def _counted(results: Results) -> str:
    found = results["parts"][COUNTED]
    get, post = found["GET"], found["POST"]
    return table(
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


def _side_by_side(results: Results) -> str:
    found = results["parts"]["side_by_side"]
    get, post = found["GET"], found["POST"]
    return table(
        ["", "GET", "by CPU", "POST", "by CPU", "GET/s", "p50 ms", "p99 ÷ p50"],
        (
            [
                name,
                spread_of(get[name]["ratio"]),
                f"{get[name]['cpu_ratio']:.2f}",
                spread_of(post[name]["ratio"]),
                f"{post[name]['cpu_ratio']:.2f}",
                f"{get[name]['requests_per_second']['median']:,.0f}",
                f"{get[name]['p50']['median'] * 1000:.1f}",
                f"{get[name]['tail']['median']:.1f}",
            ]
            for name in by_ratio(get)
        ),
    )


def _far_database(results: Results) -> str:
    return table(
        ["round trip", "", "GET", "p50 ms", "POST", "p50 ms"],
        (
            [
                f"+{delay}",
                name,
                spread_of(far["GET"][name]["ratio"]),
                f"{far['GET'][name]['p50']['median'] * 1000:.1f}",
                spread_of(far["POST"][name]["ratio"]),
                f"{far['POST'][name]['p50']['median'] * 1000:.1f}",
            ]
            for delay, far in results["parts"]["far_database"].items()
            for name in by_ratio(far["GET"])
        ),
    )


def _workers(results: Results) -> str:
    found = results["parts"]["workers"]
    return table(
        ["", *found],
        (
            [name, *(spread_of(contestants[name]["ratio"]) for contestants in found.values())]
            for name in sorted(found["GET"])
        ),
    )


def _defaults(results: Results) -> str:
    return _levers(results, "defaults", "without", "why it is the default")


def _beyond(results: Results) -> str:
    return _levers(results, "beyond", "with", "why it is not the default")


def _levers(results: Results, kind: str, change: str, why: str) -> str:
    counted = results["parts"][COUNTED]["levers"]
    return table(
        [change, "instructions", "GET", "by CPU", "p99 ÷ p50", "memory", why],
        (
            [
                name,
                f"{counted[name]['ratio']:.2f}" if name in counted else "",
                spread_of(it["ratio"]),
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
    return table(
        ["with", "instructions", "of a GET as it is"],
        (
            [name, f"{it['instructions'] / 1000:,.0f}", f"{it['ratio']:.3f}"]
            for name, it in found.items()
        ),
    )


def _telemetry(results: Results) -> str:
    found = results["parts"]["telemetry"]["GET"]
    return table(
        ["with", "GET", "by CPU", "p99 ÷ p50"],
        (
            [
                name,
                spread_of(found[name]["ratio"]),
                f"{found[name]['cpu_ratio']:.2f}",
                f"{found[name]['tail']['median']:.1f}",
            ]
            for name in TELEMETRY
        ),
    )


def _bulk(results: Results) -> str:
    return table(
        ["driver", "times `add_all`", "10,000 rows, s", "by psql, s", "`add_all`, s"],
        (
            [
                driver,
                spread_of(it["times_faster"], digits=1),
                f"{it['bulk_insert']:.3f}",
                f"{it['psql']:.3f}" if "psql" in it else "",
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
    return table(
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


def _start_instructions(results: Results) -> str:
    found = results["parts"]["start_instructions"]
    return f"{found['name']}: {found['instructions'] / 1e6:,.0f} million instructions."


def _worker_starts(results: Results) -> str:
    found = results["parts"]["worker_starts"]
    counts = [*found]
    return table(
        ["workers", "CPU s", "for each more than above", "MiB"],
        (
            [
                count,
                spread_of(found[count]["cpu_seconds"]),
                f"{_each_more(found, counts[number - 1], count):.2f}" if number else "",
                f"{found[count]['mebibytes']:.0f}",
            ]
            for number, count in enumerate(counts)
        ),
    )


def _each_more(found: Results, few: str, many: str) -> float:
    before, after = (found[it]["cpu_seconds"]["median"] for it in (few, many))
    each: float = (after - before) / (int(many) - int(few))
    return each


def _own_tests(results: Results) -> str:
    return table(
        ["instead of a savepoint", "times as long"],
        (
            [WAYS[way], spread_of(it["times_faster"], digits=1)]
            for way, it in results["parts"]["own_tests"].items()
        ),
    )


def _rendering(results: Results) -> str:
    it = results["parts"]["rendering"]
    return (
        f"A bake of {it['files']} files takes {it['seconds']:.2f} s, "
        f"{spread_of(it['times_slower'], digits=1)} times as long as that of as many files with "
        "nothing in them to render."
    )


def _bars(results: Results) -> str:
    parts = results["parts"]
    return table(
        ["", "bar", "measured", ""],
        (
            [it.what, it.limit, f"{it.measured(parts):.2f}", "" if it.is_met(parts) else "missed"]
            for it in BARS
            if it.part is None or it.part in parts
        ),
    )


def _headline(results: Results) -> str:
    parts = results["parts"]
    near, far = (run_of(results, part)["date"][:10] for part in ("side_by_side", "far_database"))
    then = "" if far == near else f" (on {far})"
    return (
        f"![requests a second, side by side](docs/{CHART.name})\n\n"
        f"On {near}, FastAPI's project answered "
        f"{TIMES_USUAL.measured(parts):.1f} times as many reads a second as "
        "the template that tutorials show, and "
        f"{TIMES_USUAL_FAR.measured(parts):.1f} times as many with its database "
        f"2 ms away{then}."
    )


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
    "start_instructions": _start_instructions,
    "worker_starts": _worker_starts,
    "own_tests": _own_tests,
    "rendering": _rendering,
    "bars": _bars,
    **SCALE,
    "peers": peer_tables.peers,
    "peer_wire": peer_tables.peer_wire,
    "peer_instructions": peer_tables.peer_instructions,
    "peer_sources": peer_tables.peer_sources,
}
OF_NO_PART = ("run", "headline", "bars", "peer_sources", *SCALE)
PARTS_OF = {
    "counted": COUNTED,
    "watched": COUNTED,
    "defaults": "levers",
    "beyond": "levers",
    "peer_wire": peer_tables.WIRE,
}
"""The parts of those that have another name."""
COUNTED_ON = dict.fromkeys(COUNTS, _counted_on) | {"start_instructions": _start_counted_on}
"""What stands below blocks that are counted, and not measured by the clock."""


if __name__ == "__main__":
    fill_pages()
