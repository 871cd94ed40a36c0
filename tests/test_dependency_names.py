"""No slug may be the name of a package that a project depends on, directly or not.

Such a project would satisfy its own requirement, and the real package would be missing.
"""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from support.bake import ANSWERS, bake, choices
from support.hook import hook


def requirements(project: Path) -> list[str]:
    """Return all that the project asks for: to run, to develop and to be built."""
    pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    groups = pyproject.get("dependency-groups", {}).values()
    return [
        *pyproject["build-system"]["requires"],
        *pyproject["project"]["dependencies"],
        # An included group is a table, and its requirements stand in a group of their own.
        *(entry for group in groups for entry in group if isinstance(entry, str)),
    ]


def resolved_names(wanted: list[str], directory: Path) -> set[str]:
    """Return the names that uv finds for every platform and every Python since 3.11."""
    beside_python = str(Path(sys.executable).parent)
    uv = shutil.which("uv", path=beside_python) or shutil.which("uv")
    assert uv, "these tests need uv; install it into their environment"
    resolution = subprocess.run(
        [
            *(uv, "pip", "compile", "-", "--universal", "--python-version", "3.11"),
            *("--no-annotate", "--no-header", "--no-python-downloads", "--quiet"),
        ],
        input="\n".join(wanted),
        cwd=directory,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert resolution.returncode == 0, resolution.stderr
    names = re.findall(r"^[\w.-]+", resolution.stdout, flags=re.MULTILINE)
    return {re.sub(r"[-_.]+", "_", name).lower() for name in names}


RESERVED = hook.DEPENDENCIES.split()
QUESTIONS = ("driver", "framework", "windows_event_loop")


def on_request(given: tuple[str, ...]) -> list[pytest.MarkDecorator]:
    """Return the mark of what only `-m full` runs: more than one answer that is no default."""
    others = [
        name for name, answer in zip(QUESTIONS, given, strict=True) if answer != choices(name)[0]
    ]
    return [pytest.mark.full] if len(others) > 1 else []


@pytest.mark.parametrize(
    QUESTIONS,
    [
        pytest.param(*given, marks=on_request(given))
        for given in itertools.product(*map(choices, QUESTIONS))
    ],
)
def test_dependencies_are_reserved(
    tmp_path: Path, driver: str, framework: str, windows_event_loop: str
) -> None:
    if windows_event_loop == "native" and ANSWERS["_drivers"][driver]["needs_selector"]:
        windows_event_loop = "selector"  # the hook refuses the pair
    check(tmp_path, driver=driver, framework=framework, windows_event_loop=windows_event_loop)


@pytest.mark.parametrize("server", choices("server")[1:])
def test_dependencies_of_servers_are_reserved(tmp_path: Path, server: str) -> None:
    check(tmp_path, server=server)


def test_dependencies_of_telemetry_are_reserved(tmp_path: Path) -> None:
    check(tmp_path, telemetry="opentelemetry")


def check(tmp_path: Path, **answers: str) -> None:
    wanted = requirements(bake(tmp_path, **answers))

    names = resolved_names(wanted, tmp_path)

    assert len(names) >= len(wanted), "uv answered in a form that this test cannot read"
    missing = sorted(names - set(RESERVED))
    assert not missing, f"add to DEPENDENCIES in hooks/pre_gen_project.py: {', '.join(missing)}"


def test_reserved_names_are_sorted_and_normalised() -> None:
    assert sorted({re.sub(r"[-_.]+", "_", name).lower() for name in RESERVED}) == RESERVED
