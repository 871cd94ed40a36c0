"""Git repositories for tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from support.bake import TEMPLATE
from support.projects import environment


def run(directory: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command, to the end."""
    identity = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Somebody"), ("EMAIL", "somebody@example.com"))
    }
    return subprocess.run(
        command,
        cwd=directory,
        env=environment(GIT_CONFIG_GLOBAL=str(directory / "no.gitconfig"), **identity, **env),
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=120,
    )


def succeed(directory: Path, *command: str, **env: str) -> str:
    """Run a command that must succeed, and return what it prints."""
    done = run(directory, *command, **env)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def commit(repository: Path, message: str) -> None:
    """Commit all that is there."""
    succeed(repository, "git", "add", "--all")
    succeed(repository, "git", "commit", "--quiet", "--message", message)


def put_template(directory: Path) -> None:
    """Put the template as it is in this working tree into a directory, beside what is there."""
    skipped = shutil.ignore_patterns(".git", ".venv", ".tools", ".*_cache", "__pycache__")
    shutil.copytree(TEMPLATE, directory, ignore=skipped, dirs_exist_ok=True)


def copy_template(repository: Path) -> Path:
    """Make a repository of the template as it is in this working tree, and return it."""
    put_template(repository)
    succeed(repository, "git", "init", "--quiet", "--initial-branch=main")
    commit(repository, "The template")
    return repository


def insert(file: Path, place: str, line: str) -> None:
    """Put `line` behind the line that has `place`; without one, at the end."""
    before = file.read_text(encoding="utf-8")
    assert place in before, (file, place)
    end = before.index("\n", before.index(place) + len(place) - 1) + 1 if place else len(before)
    after = before[:end] + line + before[end:]
    file.write_text(after, encoding="utf-8", newline="\n")
