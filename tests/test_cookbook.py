"""The cookbook: pages show all of files that run, and the files print what the pages say."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from support.bake import choices
from support.cookbook import COOKBOOK, START, WITHOUT_A_PROJECT, Recipe, recipes, unmeasured
from support.databases.pgbouncer import pgbouncer
from support.databases.real import database_for, server_for
from support.documents import rows
from support.projects import Copy, Project, find_uv, install, new_directory
from support.windows.simulated import SELECTOR, SIMULATION, Windows, simulated

RECIPES = {it.name: it for it in recipes()}
RUNS = [(it.name, driver) for it in RECIPES.values() for driver in it.head("Drivers")]
USUAL = {(it.name, it.head("Drivers")[0]) for it in RECIPES.values()}
ALONE = [
    (name, driver)
    for name, driver in RUNS
    # Whether asyncmy's stream is one depends on the loop, and a project has uvloop.
    if not RECIPES[name].needs_project() and (name, driver) != ("streaming", "asyncmy")
]
# The driver that needs the loop; a notebook's own loop is refused there.
ON_WINDOWS = [
    (name, driver) for name, driver in RUNS if driver == "psycopg" and not RECIPES[name].is_notebook
]
NOTEBOOK = """
import sys, nbformat, nbclient
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, kernel_name="python3").execute()
for cell in notebook.cells:
    for output in cell.get("outputs", []):
        print(output["text"] if output["name"] == "stdout" else "", end="")
"""
SIGNATURE = """
import inspect
parameters = inspect.signature(Connector.connect_async).parameters.values()
print([(it.name, it.kind.name) for it in parameters])
"""


def each_run(runs: list[tuple[str, str]], usual: set[tuple[str, str]]) -> list[object]:
    """Return parameters; those that are not usual run on request (`-m full`)."""
    return [
        pytest.param(
            RECIPES[name],
            driver,
            id=f"{name}-{driver}",
            marks=[] if (name, driver) in usual else [pytest.mark.full],
        )
        for name, driver in runs
    ]


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_page_shows_its_file_and_nothing_else(recipe: Recipe) -> None:
    left = recipe.code
    for block in sorted(recipe.shown(), key=len, reverse=True):
        assert left.count(block) == 1, f"not in {recipe.file.name}, or twice:\n{block}"
        left = left.replace(block, "")
    assert not left.strip(), f"{recipe.name}.md does not show:\n{left.strip()}"
    assert f"({recipe.file.name})" in recipe.page


def test_the_start_page_lists_the_recipes() -> None:
    table = rows("docs/cookbook/README.md", "question")
    expected = {f"[{name}]({name}.md)": it.head("Drivers") for name, it in RECIPES.items()}
    assert {page: drivers.split(", ") for _, page, drivers in table} == expected
    assert {path.stem for path in COOKBOOK.glob("*.md")} == {*RECIPES, START.stem}
    text = START.read_text(encoding="utf-8")
    [sentence] = re.findall(r"This works for all but (.+?), which", text, re.DOTALL)
    needing = [name for name, it in RECIPES.items() if it.needs_project()]
    assert sorted(re.findall(r"`(\w+)`", sentence)) == needing


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_links_lead_somewhere(recipe: Recipe) -> None:
    for target in re.findall(r"\]\(([^)#:]+)", recipe.page + START.read_text(encoding="utf-8")):
        assert (COOKBOOK / target).exists(), target


@pytest.fixture(scope="module")
def project_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """Return a function that installs a driver's project, with what its recipes need."""

    @cache
    def install_once(driver: str) -> Project:
        # The usual one is also linted and type-checked.
        options = [] if driver == choices("driver")[0] else ["--no-default-groups"]
        directory = new_directory(tmp_path_factory)
        project = install(directory, *options, driver=driver, sync_engine="yes")
        needed = {
            package
            for it in RECIPES.values()
            if driver in it.head("Drivers")
            for package in it.head("Packages")
        }
        python = project.path / ".venv"
        project.succeed(find_uv(), "pip", "install", "--quiet", "-p", python, *sorted(needed))
        return project

    return install_once


@contextmanager
def pooled(driver: str) -> Iterator[str]:
    """Yield the URL of a database through PgBouncer."""
    with server_for(driver) as server, pgbouncer(server) as url:
        yield url


@pytest.mark.projects
@pytest.mark.xdist_group("cookbook")
@pytest.mark.parametrize(("recipe", "driver"), each_run(RUNS, USUAL))
def test_a_recipe_prints_what_its_page_says(
    project_of: Callable[[str], Project],
    recipe: Recipe,
    driver: str,
    tmp_path: Path,
) -> None:
    project = project_of(driver)
    command = ["-c", NOTEBOOK] if recipe.is_notebook else []
    needs_pooler = "PgBouncer" in recipe.head("Needs")
    with pooled(driver) if needs_pooler else database_for(driver, tmp_path) as url:
        said = project.succeed(project.python, *command, recipe.file, DATABASE_URL=url)
    assert recipe.promised(driver)
    assert unmeasured(said) == recipe.promised(driver)


@pytest.mark.projects
@pytest.mark.xdist_group("cookbook")
@pytest.mark.parametrize(("recipe", "driver"), each_run(ALONE, {("upsert", "asyncpg")}))
def test_a_recipe_runs_without_a_project(
    project_of: Callable[[str], Project], tmp_path: Path, recipe: Recipe, driver: str
) -> None:
    project = project_of(driver)
    script = tmp_path / recipe.file.name
    script.write_text(recipe.code_without_a_project(), encoding="utf-8")
    shutil.copy(WITHOUT_A_PROJECT, tmp_path)
    with database_for(driver, tmp_path) as url:
        database, rest = url.split(":", 1)
        named = f"{database}+{driver}:{rest}"
        said = project.succeed(project.python, script, DATABASE_URL=named)
    assert unmeasured(said) == recipe.promised(driver)


@simulated
@pytest.mark.projects
@pytest.mark.full
@pytest.mark.xdist_group("cookbook")
@pytest.mark.parametrize(("recipe", "driver"), each_run(ON_WINDOWS, {*ON_WINDOWS}))
def test_simulated_win32_recipe(
    project_of: Callable[[str], Project], tmp_path: Path, recipe: Recipe, driver: str
) -> None:
    project, report = project_of(driver), tmp_path / "loops"
    path = os.pathsep.join([str(SIMULATION), str(project.path)])
    with database_for(driver, tmp_path) as url:
        env = {"PYTHONPATH": path, "SIMULATED_WIN32_LOOPS": str(report), "DATABASE_URL": url}
        windows = Windows(project, env, report)
        done = windows.run(str(recipe.file))
    assert unmeasured(done.stdout) == recipe.promised(driver), done.stderr
    assert windows.loops() == {SELECTOR}


@pytest.mark.projects
@pytest.mark.xdist_group("cookbook")
def test_a_project_s_own_checks_find_nothing(
    project_of: Callable[[str], Project], tmp_path: Path
) -> None:
    project = Copy.of(project_of(choices("driver")[0]), tmp_path)
    for it in RECIPES.values():
        shutil.copy(it.file, project.path / "scripts")
    for command in (
        *(["ruff", "check", "scripts"], ["ruff", "format", "--check", "scripts"]),
        *(["mypy", "scripts"], ["pytest", "tests/test_policy_header.py"]),
    ):
        project.succeed(project.python, "-m", *command)


@pytest.mark.projects
@pytest.mark.full
@pytest.mark.xdist_group("cookbook")
def test_the_stand_in_has_the_connector_s_method(project_of: Callable[[str], Project]) -> None:
    project = project_of("asyncpg")
    package = ["--with", "cloud-sql-python-connector[asyncpg]", "--no-project"]
    theirs = f"from google.cloud.sql.connector import Connector{SIGNATURE}"
    said = project.succeed(find_uv(), "run", "--quiet", *package, "python", "-c", theirs)
    ours = f"from async_creator import Connector{SIGNATURE}"
    assert project.succeed(project.python, "-c", ours, PYTHONPATH=str(COOKBOOK)) == said
