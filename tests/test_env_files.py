"""Settings as people write them: `.env` in every encoding, and what their platforms set."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from projects import Project, migrated_database, serving

VARIANT = ("aiosqlite", "fastapi")

pytestmark = [pytest.mark.projects, pytest.mark.xdist_group("-".join(VARIANT))]

SHOW = """
from app.kit.commands.command_error import exit_on_command_error
from app.kit.commands.settings import load_settings
from app.settings import Settings

with exit_on_command_error():
    settings = load_settings(Settings)
    print(ascii([settings.app_host, settings.app_port, settings.app_workers]))
"""
WRITTEN = "export APP_PORT=81\r\nAPP_HOST=ü${HOME}#$x # a remark\r\n"
MEANT = ascii(["ü${HOME}#$x", 81, 1])


@pytest.fixture
def project(installed: Callable[..., Project]) -> Iterator[Project]:
    """Yield a project, whose `.env` is deleted in the end."""
    project = installed(VARIANT)
    yield project
    (project.path / ".env").unlink(missing_ok=True)


def show(project: Project, content: bytes = b"", **env: str) -> str:
    """Return the settings with that `.env`, or the one sentence that refuses it."""
    (project.path / ".env").write_bytes(content)
    done = project.run(project.python, "-c", SHOW, **env)
    [line] = (done.stdout + done.stderr).splitlines()
    return line


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_values_mean_what_they_say(project: Project, encoding: str) -> None:
    """UTF-16 with a mark is what `>` writes in Windows PowerShell."""
    assert show(project, WRITTEN.encode(encoding)) == MEANT


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (WRITTEN.encode("cp1252"), ["line 2", "UTF-8"]),
        ("APP_PORT=81\n".encode("utf-16-le"), ["UTF-16", "UTF-8"]),
        (b"APP_PORT=81\nAPP_HOST='quoted\n", ["line 2", "quotes"]),
        # PowerShell's way, which is no name of a setting.
        (b'APP_PORT=81\n$env:APP_HOST = "quoted"\n', ["line 2", "NAME=VALUE"]),
    ],
)
def test_a_file_that_is_not_understood(project: Project, content: bytes, words: list[str]) -> None:
    said = show(project, content)
    for word in [".env", *words]:
        assert word in said


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads any file")
def test_a_file_that_nobody_may_read(project: Project) -> None:
    path = project.path / ".env"
    path.touch(mode=0o000)
    done = project.run(project.python, "-c", SHOW)
    assert ".env can't be read" in done.stderr


def test_a_directory_of_this_name_is_none_of_ours(project: Project) -> None:
    """Some keep their virtual environment there."""
    path = project.path / ".env"
    path.unlink(missing_ok=True)
    path.mkdir()
    try:
        assert project.succeed(project.python, "-c", SHOW).strip() == "['127.0.0.1', 8000, 1]"
    finally:
        path.rmdir()


@pytest.mark.parametrize(
    ("env", "workers"),
    [
        ({"WEB_CONCURRENCY": "3"}, 3),
        ({"WEB_CONCURRENCY": "3", "APP_WORKERS": "1"}, 1),
    ],
)
def test_the_workers_that_a_platform_asks_for(
    project: Project, env: dict[str, str], workers: int
) -> None:
    assert show(project, **env).endswith(f" {workers}]")


def test_a_number_of_workers_that_is_set_is_what_is_started(
    project: Project, tmp_path: Path
) -> None:
    with migrated_database(project, tmp_path) as url:
        env = {"DATABASE_URL": url, "WEB_CONCURRENCY": "3", "APP_WORKERS": "1"}
        with serving(project, tmp_path / "log", **env) as service:
            assert psutil.Process(service.process.pid).children() == []


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "uvicorn", "app.main:app"],
        ["-m", "alembic", "current"],
        ["scripts/seed_database.py"],
        ["-m", "app"],
    ],
)
def test_a_mistake_is_one_sentence_however_it_is_started(
    project: Project, command: list[str]
) -> None:
    done = project.run(project.python, *command, APP_LOG_LEVEL="loud")
    assert done.returncode != 0
    [sentence] = (done.stdout + done.stderr).splitlines()
    assert "APP_LOG_LEVEL: " in sentence
