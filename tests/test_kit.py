"""The kit's tests pass in projects of each kind, which do not have them, beside their own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bake import bake, choices, server_of
from support.kit_tests import (
    EVERYTHING,
    OF_BOTH,
    OF_DATABASE,
    OF_FRAMEWORK,
    ONCE,
    SOURCES,
    add_kit_tests,
)
from support.projects import (
    AWKWARD,
    DEAD_PROXY,
    Copy,
    Project,
    Variant,
    answers,
    new_directory,
)
from support.variants import OF_DATABASES

FIRST_DRIVER, *DRIVERS = choices("driver")
FIRST_FRAMEWORK, *FRAMEWORKS = choices("framework")
FIRST_SERVER, *SERVERS = choices("server")
FIRST = (FIRST_DRIVER, FIRST_FRAMEWORK)


def of_driver(driver: str) -> set[str]:
    """Return what a driver runs with the first framework."""
    # To the service, drivers of one database are alike.
    return OF_DATABASE | (OF_BOTH if driver in OF_DATABASES.values() else {"doctor"})


def of_framework(framework: str) -> set[str]:
    """Return what a framework runs with the first driver."""
    if framework == "none":
        # Its command line is another one, and some failures mean something else to a worker.
        return EVERYTHING - ONCE - OF_DATABASE
    # ASGI's frameworks are started alike; commands and doctor are the same for all with a server.
    alike = {"start"} if server_of(framework) == FIRST_SERVER else set()
    return OF_FRAMEWORK - {"commands"} - alike | OF_BOTH - {"doctor"}


USUAL: dict[Variant, set[str]] = {
    FIRST: EVERYTHING,
    **{(it, FIRST_FRAMEWORK): of_driver(it) for it in DRIVERS},
    **{(FIRST_DRIVER, it): of_framework(it) for it in FRAMEWORKS},
}
ON_REQUEST: list[Variant] = [
    *({**USUAL}.keys() - {FIRST}),
    *((*FIRST, server) for server in SERVERS),
    *((driver, "none") for driver in DRIVERS),
]
"""Which run all on request (`-m full`)."""


def parameter(variant: Variant, wanted: set[str], *marks: pytest.MarkDecorator) -> object:
    """Return the parameter, whose project is installed once for all tests of its variant."""
    name = "-".join(variant)
    group = pytest.mark.xdist_group(name)
    return pytest.param(variant, wanted, id=f"{name}{'-all' * bool(marks)}", marks=[group, *marks])


@pytest.mark.projects
@pytest.mark.parametrize(
    ("variant", "wanted"),
    [
        *(parameter(variant, wanted) for variant, wanted in USUAL.items()),
        *(parameter(variant, EVERYTHING, pytest.mark.full) for variant in sorted(ON_REQUEST)),
    ],
)
def test_the_kit_s_tests_pass(
    developed: Callable[[Variant], Project],
    tmp_path_factory: pytest.TempPathFactory,
    variant: Variant,
    wanted: set[str],
) -> None:
    original = developed(variant)
    project = Copy.of(original, new_directory(tmp_path_factory))
    add_kit_tests(project.path, wanted, **answers(variant), **AWKWARD)
    project.succeed(project.python, "-m", "mypy")
    assert project.pass_tests(**DEAD_PROXY) > 40


def test_no_folder_is_forgotten() -> None:
    there = {path.name for path in SOURCES.iterdir() if path.is_dir()}
    assert {name for name in there if not name.startswith("support")} == EVERYTHING
    assert len(EVERYTHING) == sum(map(len, (ONCE, OF_DATABASE, OF_FRAMEWORK, OF_BOTH)))


def combinations() -> list[dict[str, str]]:
    """Return the answers on which the kit's tests depend, each with the first of the others."""
    return [
        {},
        *({"driver": driver} for driver in DRIVERS),
        *({"framework": it} for it in FRAMEWORKS),
        *({"driver": it, "framework": "none", "jobs": "yes"} for it in choices("driver")),
        *({"framework": it, "jobs": "yes"} for it in choices("framework")[:-1]),
        *({"server": it} for it in SERVERS),
        {"sync_engine": "yes"},
        {"windows_event_loop": "native"},
        {"python_version": choices("python_version")[-1]},
    ]


@pytest.fixture(scope="module", params=[pytest.param("", marks=pytest.mark.xdist_group("kit"))])
def baked(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, list[str]]:
    """Return projects with the kit's tests, and from which folders those are."""
    projects = [
        (bake(tmp_path_factory.mktemp("kit"), **combination), combination)
        for combination in combinations()
    ]
    return {project: add_kit_tests(project, EVERYTHING, **given) for project, given in projects}


def test_no_two_files_have_one_name(baked: dict[Path, list[str]]) -> None:
    """They lie side by side in a project: one would take the place of the other."""
    for project, chosen in baked.items():
        sources = sorted(path.name for name in chosen for path in (SOURCES / name).glob("*.py"))
        assert sources == sorted(path.name for path in (project / "tests/kit").glob("*.py"))


def test_nothing_is_left_unrendered(baked: dict[Path, list[str]]) -> None:
    for project in baked:
        for path in (project / "tests" / "kit").iterdir():
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"\{%|\{\{|cookiecutter", text), path
            assert "\n\n\n\n" not in text, path


@pytest.mark.parametrize("command", [["format", "--check"], ["check"]], ids=["format", "lint"])
def test_ruff_is_content(baked: dict[Path, list[str]], command: list[str]) -> None:
    for project in baked:
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "."],
            cwd=project,
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
        assert done.returncode == 0, (project, done.stdout)
