"""How a project is installed: as its directory, and never as a wheel without its migrations."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support.projects import PATIENCE, Project, each, environment, find_uv

pytestmark = pytest.mark.projects

DEFAULT = ("asyncpg", "fastapi")
SQLITE = ("aiosqlite", "fastapi")
SENTENCE = "a wheel would lack its migrations"


@pytest.fixture
def production(request: pytest.FixtureRequest, installed: Callable[..., Project]) -> Project:
    """Return an installed project."""
    return installed(request.param)


@pytest.mark.parametrize("production", each([DEFAULT]), indirect=True)
@pytest.mark.parametrize(
    "command",
    [
        ("build",),
        ("pip", "install", "--no-deps", "--target=elsewhere", "."),
        pytest.param(
            (
                "sync",
                "--no-editable",
                "--no-default-groups",
                "--reinstall-package=company-directory",
            ),
            marks=pytest.mark.full,
        ),
        pytest.param(("tool", "install", "--from=.", "company-directory"), marks=pytest.mark.full),
    ],
    ids=" ".join,
)
def test_a_wheel_is_refused_in_a_sentence(production: Project, command: tuple[str, ...]) -> None:
    done = production.run(find_uv(), *command)
    assert done.returncode != 0
    said = " ".join(done.stderr.split())
    assert re.search(f"{SENTENCE}.*`pip install --editable .`", said), said
    assert "Traceback" not in done.stderr
    assert not list(production.path.glob("dist/*.*z")), "a source distribution is left"


@pytest.mark.parametrize("production", each([SQLITE]), indirect=True)
def test_commands_work_from_any_directory(production: Project, tmp_path: Path) -> None:
    url = f"sqlite:///{(tmp_path / 'service.db').as_posix()}"

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [production.python, "-m", *command],
            cwd=tempfile.gettempdir(),
            env=environment(DATABASE_URL=url),
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=PATIENCE,
        )

    done = run("app")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "alembic upgrade head" in done.stderr
    done = run("alembic", "-c", os.fspath(production.path / "alembic.ini"), "upgrade", "head")
    assert done.returncode == 0, done.stderr
    done = run("app", "doctor")
    assert (done.returncode, "All is well." in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize("production", each([SQLITE]), indirect=True)
@pytest.mark.parametrize(
    ("missing", "command"), [("alembic.ini", "dev"), ("migrations", "doctor"), ("migrations", "")]
)
def test_migrations_that_were_left_behind_are_missed_in_a_sentence(
    production: Project, missing: str, command: str, tmp_path: Path
) -> None:
    """As in an image that copies only app/."""
    url = f"sqlite:///{(tmp_path / 'service.db').as_posix()}"
    path, away = production.path / missing, production.path / "away"
    path.rename(away)
    try:
        done = production.run(production.python, "-m", "app", *command.split(), DATABASE_URL=url)
    finally:
        away.rename(path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "There are no migrations" in done.stderr.splitlines()[-1]
