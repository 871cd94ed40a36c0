"""The recipes of CONTRIBUTING: what they name adds a driver, a framework or a server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.bake import TEMPLATE, render

NAME = "dummy"
PARTS = ("cookiecutter.json", "hooks", "templates", "{{cookiecutter.project_slug}}")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """Return a copy of what is rendered."""
    copy = tmp_path / "template"
    copy.mkdir()
    for name in PARTS:
        source = TEMPLATE / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    return copy


def add_driver(template: Path, answers: dict[str, Any]) -> None:
    """Follow "Add a driver", for a database that is there."""
    add_choice(answers, "driver", "Dummy")
    answers["_drivers"][NAME] = answers["_drivers"]["asyncmy"]
    copy(template, "drivers/asyncmy", f"drivers/{NAME}", "driver.py", "connection.py", "bulk.py")


def add_framework(template: Path, answers: dict[str, Any]) -> None:
    """Follow "Add a framework", for one that speaks ASGI."""
    add_choice(answers, "framework", "Dummy")
    answers["_frameworks"][NAME] = answers["_frameworks"]["starlette"]
    files = ("main.py", "resources.py", "companies/routes.py", "customers/routes.py")
    modules = ("application", "error_handlers", "health", "requests", "responses")
    of_http = (f"http/{module}.py" for module in modules)
    of_pages = ("parts/included.md", "parts/invoice_routes.py", "parts/sending.py")
    copy(template, "frameworks/starlette", f"frameworks/{NAME}", *files, *of_http, *of_pages)


def add_server(template: Path, answers: dict[str, Any]) -> None:
    """Follow "Add a server", for ASGI applications."""
    add_choice(answers, "server", "Dummy")
    answers["_servers"][NAME] = answers["_servers"]["hypercorn"]
    copy(template, "servers/hypercorn", f"servers/{NAME}", "server.py")


def add_choice(answers: dict[str, Any], question: str, label: str) -> None:
    answers[question].append(NAME)
    answers["__prompts__"][question][NAME] = label


def copy(template: Path, source: str, target: str, *files: str) -> None:
    for file in files:
        place = template / "templates" / target / file
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(template / "templates" / source / file, place)


RECIPES = {
    "driver": (add_driver, "asyncmy"),
    "framework": (add_framework, "starlette"),
    "server": (add_server, "hypercorn"),
}


@pytest.mark.parametrize("jobs", ["no", "yes"])
@pytest.mark.parametrize("question", RECIPES)
def test_a_recipe_bakes(template: Path, tmp_path: Path, question: str, jobs: str) -> None:
    add, like = RECIPES[question]
    file = template / "cookiecutter.json"
    answers = json.loads(file.read_text(encoding="utf-8"))
    add(template, answers)
    file.write_text(json.dumps(answers), encoding="utf-8")
    given = {question: NAME, "jobs": jobs}
    project = render(template, tmp_path / "added", given)
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "."],
            cwd=project,
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout
    # A copy of another one makes the same project, but for its name.
    other = render(template, tmp_path / "other", given | {question: like})
    assert names(project) == names(other)


def names(project: Path) -> list[str]:
    """Return the names of a project's files, without what tools made."""
    found = (path.relative_to(project) for path in project.rglob("*.*") if path.is_file())
    found = (path for path in found if path.suffix in {".py", ".md"})
    return sorted(path.as_posix() for path in found)
