"""The floor plan of projects: whose a file is, which way imports run, and how much there is."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from itertools import product
from pathlib import Path

import pytest
from support.bake import bake, choices

KIT = ("app.kit", "app.event_loop")
OFF = "none"
LAYERS = {
    "app.kit.db": ("app.kit.db", "app.kit.errors", "app.event_loop"),
    "app.kit.http": ("app.kit",),
    "app.kit.jobs": ("app.kit",),
    "app.kit.telemetry": ("app.kit",),
    "app.kit.commands": ("app.kit", "app.event_loop"),
}
"""What the modules of a part of the kit may import of the application."""
MOST_LINES = 200
MEDIAN = 60
WHOLE = 7640
OWNERS = 1300
OWN_TESTS = 400
"""Lines of Python in a default render, of its owner's side, and of its tests: blank ones, too."""


@pytest.fixture(
    scope="module",
    params=[
        *product(choices("driver")[:1], ["fastapi", "none"], choices("jobs"), [OFF]),
        *product(choices("driver")[:1], choices("framework"), ["yes"], ["opentelemetry"]),
        *product(choices("driver")[1:], ["fastapi"], ["yes"], [OFF]),
    ],
    ids="-".join,
)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a render."""
    answers = dict(zip(("driver", "framework", "jobs", "telemetry"), request.param, strict=True))
    return bake(tmp_path_factory.mktemp("bake"), **answers)


def modules(project: Path) -> dict[str, set[str]]:
    """Return what each module of the application imports of the application, lazily or not."""
    paths = {name_of(path, project): path for path in (project / "app").rglob("*.py")}
    return {
        name: {known(it, paths) for it in imported(path)} - {"", name}
        for name, path in paths.items()
    }


def name_of(path: Path, project: Path) -> str:
    return ".".join(path.relative_to(project).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports when it runs, also in its functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (it.name for it in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{it.name}" for it in node.names)


def known(name: str, paths: dict[str, Path]) -> str:
    """Return the module that `name` is, or is part of, or "" for another package's."""
    while name and name not in paths:
        name = name.rpartition(".")[0]
    return "" if name == "app" else name


def test_the_readme_names_the_place_of_each_change(project: Path) -> None:
    """Of the changes that an owner makes first; a resource's own are in its folder."""
    readme = (project / "README.md").read_text(encoding="utf-8")
    settings = (project / ".env.example").read_text(encoding="utf-8")
    _, _, table = readme.partition("| to | open |\n|---|---|\n")
    rows = table.partition("\n\n")[0].splitlines() if table else []
    assert bool(rows) == (project / "app" / "main.py").exists()
    for place in re.findall(r"`([^` ]+)`", "".join(rows)):
        if "/" in place:
            assert (project / place).exists(), place
        elif place not in {".env", "TEST_DATABASE_URL"}:
            assert f"# {place}=" in settings, place


def test_the_kit_imports_nothing_of_the_owner_s(project: Path) -> None:
    for name, imports in modules(project).items():
        if name.startswith(KIT):
            assert not {it for it in imports if not it.startswith(KIT)}, name


def test_the_kit_names_nothing_of_the_owner_s(project: Path) -> None:
    for path in (project / "app" / "kit").rglob("*.py"):
        text = path.read_text(encoding="utf-8").lower()
        for word in ("companies", "customer", "app.main", "scripts."):
            assert word not in text, f"{path} names {word}"


def test_imports_run_one_way(project: Path) -> None:
    for name, imports in modules(project).items():
        for part, allowed in LAYERS.items():
            if name.startswith(part):
                assert not {it for it in imports if not it.startswith(allowed)}, name


def test_there_are_no_cycles(project: Path) -> None:
    # Raises CycleError, with the cycle.
    TopologicalSorter(modules(project)).prepare()


@cache
def sizes(project: Path) -> dict[str, int]:
    """Return the lines of each file of Python."""
    return {
        path.relative_to(project).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in project.rglob("*.py")
    }


def test_files_are_small(project: Path) -> None:
    found = sizes(project)
    assert {name: lines for name, lines in found.items() if lines > MOST_LINES} == {}
    assert statistics.median(found.values()) <= MEDIAN


def test_a_default_render_is_small_to_own(tmp_path: Path) -> None:
    found = sizes(bake(tmp_path))
    kit = ("app/kit/", "app/event_loop.py", "devtools/", "tests/support/")
    assert sum(found.values()) <= WHOLE
    owners = {name: lines for name, lines in found.items() if not name.startswith(kit)}
    assert sum(owners.values()) <= OWNERS
    own_tests = [lines for name, lines in owners.items() if name.startswith("tests/")]
    assert sum(own_tests) <= OWN_TESTS
