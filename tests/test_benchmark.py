"""The benchmark, from its command to its figures."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from support.benchmark import NEEDS_LOAD, bench

from benchmarks.generator import MISSING


@pytest.mark.projects
@NEEDS_LOAD
def test_it_measures_a_project_against_the_floor(tmp_path: Path) -> None:
    figures, drawing = tmp_path / "figures.json", tmp_path / "chart.svg"
    what = ["--driver", "asyncpg", "--framework", "fastapi", "--part", "side_by_side"]
    size = ["--rounds", "1", "--seconds", "0.5"]
    done = bench(*what, *size, "--json", figures, "--plot", drawing)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(figures.read_text(encoding="utf-8"))
    for contestants in found["parts"]["side_by_side"].values():
        assert contestants.keys() == {"floor", "usual template", "FastAPI, asyncpg"}
        assert contestants["floor"]["ratio"] == {"median": 1, "low": 1, "high": 1}
        assert contestants["FastAPI, asyncpg"]["cpu_ratio"] < 1
    assert found["versions"]["fastapi"]
    assert "FastAPI, asyncpg" in drawing.read_text(encoding="utf-8")
    assert "FastAPI, asyncpg" in done.stdout


def test_without_a_load_generator_it_says_where_to_get_one(tmp_path: Path) -> None:
    # A PATH with uv, and nothing else.
    uv = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    assert uv
    shutil.copy2(uv, tmp_path)
    done = bench(PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == f"benchmark: {MISSING}\n"


@NEEDS_LOAD
def test_more_projects_than_the_database_has_connections_for_are_refused() -> None:
    done = bench("--driver", "asyncpg", "--driver", "psycopg", "--part", "start_up")
    assert done.returncode == 1
    assert "choose fewer" in done.stderr
    assert "Traceback" not in done.stderr
