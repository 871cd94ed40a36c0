"""The figures in the documentation are those of one run of the benchmark, and all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.bake import bake
from support.projects import Project

from benchmarks.contestants import Contestant
from benchmarks.document import BLOCK, BLOCKS, CHART, FIGURES, PAGES, filled
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
