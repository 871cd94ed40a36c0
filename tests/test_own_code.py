"""The template's own code is formatted, lint-clean and type-clean, as renders are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bake import TEMPLATE, choices
from support.places import PROBES
from support.projects import Project, Variant, each

TOOLS = {
    "formatter": ["ruff", "format", "--check", "--no-cache"],
    "linter": ["ruff", "check", "--no-cache"],
    "types": ["mypy", "--no-incremental"],
}
BENCHMARKS = TEMPLATE / "benchmarks"
ELSEWHERE = {"bulk_routes.py", "collector.py", "head_routes.py"}
"""Programs that import each framework in turn, or OpenTelemetry: the first project has neither."""


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_finds_nothing(tool: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *TOOLS[tool]],
        cwd=TEMPLATE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.projects
@pytest.mark.parametrize("variant", each([(choices("driver")[0], choices("framework")[0])]))
def test_mypy_finds_nothing_in_what_projects_run(
    variant: Variant, developed: Callable[[Variant], Project], tmp_path: Path
) -> None:
    """What imports `app` has types only in a project."""
    programs = [
        *(path for path in sorted(PROBES.glob("*.py")) if path.name not in ELSEWHERE),
        *sorted((BENCHMARKS / "probes").glob("*.py")),
        BENCHMARKS / "usual.py",
    ]
    project = developed(variant)
    options = ["--strict", "--config-file=", f"--cache-dir={tmp_path}", "--explicit-package-bases"]
    # Programs import each other by name, as when they are run.
    project.succeed(project.python, "-m", "mypy", *options, *programs, MYPYPATH=str(PROBES))
