"""Every command in a block of a document is run by a test, or it is listed why none can."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.bake import TEMPLATE, bake
from support.documented_commands import RUN_BY, commands_of, is_there, reason_for, run_by
from support.places import TESTS
from support.projects import PATIENCE, environment, find_uv

DOCUMENTS = ("*.md", "docs/**/*.md", "packages/*/*.md", "tests/README.md")
VARIANTS = [
    {"driver": "asyncpg", "jobs": "yes"},
    {"driver": "psycopg", "framework": "none", "jobs": "yes", "local_database": "no"},
    {"driver": "aiosqlite", "framework": "sanic", "example": "none"},
    {"driver": "asyncmy", "framework": "litestar"},
]
PREFIX = "python3 try.py test "


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the commands of all documents, each with one that has it."""
    found: dict[str, str] = {}
    projects = [bake(tmp_path_factory.mktemp("render"), **it) for it in VARIANTS]
    places = [*((TEMPLATE, it) for it in DOCUMENTS), *((it, "**/*.md") for it in projects)]
    for root, pattern in places:
        for path in sorted(root.glob(pattern)):
            for command in commands_of(path.read_text(encoding="utf-8")):
                found.setdefault(command, f"{path.relative_to(root.parent)}")
    return found


def test_each_is_run_or_it_is_said_why_not(documented: dict[str, str]) -> None:
    assert len(documented) > 30
    unknown = {
        command: where
        for command, where in documented.items()
        if not run_by(command) and not reason_for(command)
    }
    assert not unknown, "say in tests/support/documented_commands.py which test runs it"


def test_what_runs_them_is_there() -> None:
    assert not [it for it in RUN_BY.values() if not is_there(TESTS, it)]


def test_what_is_no_command_is_told_apart() -> None:
    layout = "app/main.py   the application\ntemplates/asgi/, http/    what they share\n"
    layout += "2026-11-28T22:03:18Z INFO: app.requests: GET / 200 1 ms\n… WARNING: late\n"
    text = f"```\n{layout}```\n\n```python\nrun(main())\n```\n\n```sh\n$ uv sync  # at first\n```\n"
    assert list(commands_of(text)) == ["uv sync"]
    assert not run_by("uv frobnicate")


def selections() -> list[str]:
    """Return the options of those commands that select tests of the template."""
    found = [
        command.removeprefix(PREFIX)
        for pattern in DOCUMENTS
        for path in TEMPLATE.glob(pattern)
        for command in commands_of(path.read_text(encoding="utf-8"))
        if command.startswith(PREFIX)
    ]
    return list(dict.fromkeys(found))


@pytest.mark.full
@pytest.mark.parametrize("options", selections())
def test_a_selection_selects_something(options: str) -> None:
    words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', options)]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n0", *words]
    done = subprocess.run(
        command, cwd=TEMPLATE, capture_output=True, check=False, encoding="utf-8", timeout=PATIENCE
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d+(/\d+)? tests? collected", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize("package", ["policy-header", "project-update"])
def test_a_package_runs_from_its_folder(package: str) -> None:
    command = [find_uv(), "tool", "run", "--from", f"./packages/{package}", package, "--help"]
    done = subprocess.run(
        command,
        cwd=TEMPLATE,
        env=environment(),
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert package in done.stdout


def test_the_kit_s_tests_are_put_beside_the_repository(tmp_path: Path) -> None:
    """The commands of CONTRIBUTING, in a copy of this repository."""
    repository = tmp_path / "repository"
    left = shutil.ignore_patterns(".*cache*", ".git", ".venv", ".tools", "build")
    shutil.copytree(TEMPLATE, repository, ignore=left)
    text = (repository / "CONTRIBUTING.md").read_text(encoding="utf-8")
    [render] = [it for it in commands_of(text) if it.startswith("cookiecutter ")]
    [add] = [it for it in commands_of(text) if it.startswith("python tests/add_kit_tests.py")]
    for command in (f"-m {render} --default-config", add.removeprefix("python ")):
        done = subprocess.run(
            [sys.executable, *command.split()],
            cwd=repository,
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
    assert list((tmp_path / "company_directory/tests/kit").rglob("test_*.py"))
