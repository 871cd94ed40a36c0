"""The figures in the documentation are those that the benchmark kept, and all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.bake import bake
from support.projects import Project

from benchmarks.contestants import Contestant
from benchmarks.document import BLOCK, BLOCKS, CHART, PAGES, filled
from benchmarks.errors import BenchmarkError
from benchmarks.kept import FIGURES, OF_FLOOR, WIDEST, conditions, merged, run_of
from benchmarks.levers import LEVERS, Lever, edited
from benchmarks.report import results_chart


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """Return the last run."""
    found: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_the_figures_of_the_last_run(page: Path, results: dict[str, Any]) -> None:
    text = page.read_text(encoding="utf-8")
    assert BLOCK.search(text)
    assert filled(text, results) == text


def test_the_chart_is_of_the_last_run(results: dict[str, Any]) -> None:
    assert CHART.read_text(encoding="utf-8") == results_chart(results)


def test_every_figure_has_its_place() -> None:
    texts = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert sorted(it[2] for it in BLOCK.finditer(texts)) == sorted(BLOCKS)


def run(results: dict[str, Any], *parts: str) -> dict[str, Any]:
    """Return another run, of some parts."""
    found: dict[str, Any] = json.loads(json.dumps(results))
    found.pop("alone", None)
    return found | {
        "date": "2031-02-03T04:05:06+00:00",
        "how": found["how"] | {"rounds": 5},
        # One that was not documented yet has the same form.
        "parts": {part: found["parts"].get(part, found["parts"][OF_FLOOR[0]]) for part in parts},
    }


def test_a_part_that_was_measured_alone_says_when_and_how(results: dict[str, Any]) -> None:
    later = run(results, "workers")
    later["parts"]["workers"]["GET"]["2 workers"]["ratio"]["median"] = 7.77
    found = merged(later, alone=True)
    others = results["parts"].keys() - {"workers"}
    assert {it: found["parts"][it] for it in others} == {it: results["parts"][it] for it in others}
    for part in others:
        assert run_of(found, part)["date"] == run_of(results, part)["date"]
    page = filled(PAGES[0].read_text(encoding="utf-8"), found)
    [block] = [it[0] for it in BLOCK.finditer(page) if it[2] == "workers"]
    assert "| 7.77 (" in block
    assert "Measured by itself on 2031-02-03 on Linux" in block
    assert "5 rounds of 1 s." in block
    assert page.count("2031-02-03") == 1


def test_a_part_of_a_run_says_how_busy_the_machine_was(results: dict[str, Any]) -> None:
    later = run(results, "workers") | {"floor_spread": 1.44}
    told = conditions(merged(later, alone=True), "workers")
    assert "The machine was busy: in that run the floor's best round had 1.44 times" in told


def test_a_run_of_all_parts_replaces_those_that_were_alone(results: dict[str, Any]) -> None:
    whole = run(results, "workers")
    assert merged(whole, alone=False) == whole
    assert conditions(whole, "workers") == "Measured on 2031-02-03, in the run of all parts."


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("part", OF_FLOOR)
def test_a_run_on_a_busy_machine_is_not_documented(
    part: str, *, alone: bool, results: dict[str, Any]
) -> None:
    busy = run(results, part)
    for method in ("GET", "POST"):
        rate = busy["parts"][part][method]["floor"]["requests_per_second"]
        rate["high"] = rate["low"] * (WIDEST - 0.01)
    assert merged(busy, alone=alone)["parts"][part] == busy["parts"][part]
    rate["high"] = rate["low"] * (WIDEST + 0.01)
    with pytest.raises(BenchmarkError, match=f"{part}: the floor's best round has 1.31 times"):
        merged(busy, alone=alone)


@pytest.fixture(scope="module")
def contestant(tmp_path_factory: pytest.TempPathFactory) -> Contestant:
    """Return the project whose levers are measured, not installed."""
    return Contestant("ours", Project(bake(tmp_path_factory.mktemp("bake")), "asyncpg"), ())


@pytest.mark.parametrize(
    "lever", [it for it in LEVERS if it.edits], ids=lambda lever: lever.name.replace(" ", "-")
)
def test_a_lever_finds_what_it_takes_back(
    lever: Lever, contestant: Contestant, tmp_path: Path
) -> None:
    changed = edited(contestant, lever, tmp_path)
    for edit in lever.edits:
        code = (changed / edit.file).read_text(encoding="utf-8")
        assert edit.new in code
        compile(code, edit.file, "exec")
