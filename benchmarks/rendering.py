"""What a bake takes, against a template that has nothing to render."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

from cookiecutter.main import cookiecutter
from support.bake import bake

from benchmarks.bench import Bench
from benchmarks.rounds import spread

BAKES = 5


def rendering(bench: Bench) -> dict[str, Any]:
    """Return the seconds of a bake, and of as many plain files from an empty template."""
    bench.advance("Bake")
    place = bench.directory / "rendering"
    place.mkdir()
    with tempfile.TemporaryDirectory(dir=place) as first:
        files = sum(path.is_file() for path in bake(Path(first)).rglob("*"))
    empty = place / "empty"
    _make_template(empty, files)

    def bake_ours(output: Path) -> object:
        return bake(output)

    def bake_empty(output: Path) -> object:
        # Not into the user's home, where Cookiecutter keeps the answers.
        with patch.dict("cookiecutter.config.DEFAULT_CONFIG", replay_dir=str(place)):
            return cookiecutter(
                str(empty), no_input=True, default_config=True, output_dir=str(output)
            )

    ours, theirs = [], []
    for _ in range(BAKES):
        ours.append(_timed(bake_ours, place))
        theirs.append(_timed(bake_empty, place))
    return {
        "files": files,
        "seconds": spread(ours).median,
        "empty_seconds": spread(theirs).median,
        "times_slower": asdict(spread(a / b for a, b in zip(ours, theirs, strict=True))),
    }


def _timed(way: Callable[[Path], object], place: Path) -> float:
    with tempfile.TemporaryDirectory(dir=place) as output:
        start = perf_counter()
        way(Path(output))
        return perf_counter() - start


def _make_template(template: Path, files: int) -> None:
    project = template / "{{cookiecutter.slug}}"
    project.mkdir(parents=True)
    (template / "cookiecutter.json").write_text('{"slug": "empty"}', encoding="utf-8")
    for number in range(files):
        (project / f"{number}.txt").write_text("Nothing to render.\n", encoding="utf-8")
