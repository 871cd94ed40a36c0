"""The image of a project, built by hand: what the Dockerfile copies and runs, without Docker."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.bake import bake
from support.projects import PATIENCE, environment, find_uv

pytestmark = [
    pytest.mark.projects,
    pytest.mark.skipif(sys.platform == "win32", reason="the commands of an image are sh's"),
]

SYNC = re.compile(r"^RUN (uv sync .*)$", re.MULTILINE)


def context(project: Path, place: Path) -> Path:
    """Copy what `.dockerignore` lets through, and return the place."""
    place.mkdir()
    for line in (project / ".dockerignore").read_text(encoding="utf-8").splitlines():
        source = project / line.removeprefix("!")
        if not line.startswith("!") or not source.exists():
            continue
        if source.is_dir():
            shutil.copytree(
                source, place / source.name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(source, place)
    return place


def build(project: Path, place: Path) -> subprocess.CompletedProcess[str]:
    """Follow the Dockerfile into a place: what it copies, and how it installs."""
    sent = context(project, place.with_name(f"{place.name}-context"))
    dockerfile = (project / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(
        r"^RUN pip install --no-cache-dir uv==\d+\.\d+\.\d+$", dockerfile, re.MULTILINE
    )
    place.mkdir()
    first, _, second = dockerfile.partition("\n\nFROM ")
    for stage in (first, second):
        for line in re.findall(r"^COPY (?!--from)(.*)$", stage, re.MULTILINE):
            *sources, target = line.split()
            for source in sources:
                for path in sent.glob(source):
                    if path.is_dir():
                        shutil.copytree(path, place / target)
                    else:
                        shutil.copy(path, place / target)
        if stage == first:
            [sync] = SYNC.findall(stage)
            programs = os.pathsep.join([str(Path(find_uv()).parent), os.environ["PATH"]])
            done = run(place, "sh", "-c", sync, PATH=programs)
            if done.returncode:
                return done
    return done


def run(place: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the image."""
    return subprocess.run(
        command,
        cwd=place,
        env=environment(**env),
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )


def test_an_image_has_what_operations_need(tmp_path: Path) -> None:
    project = bake(tmp_path, driver="aiosqlite")
    image = tmp_path / "image"
    built = build(project, image)
    assert built.returncode == 0, built.stderr
    python = str(image / ".venv" / "bin" / "python")
    env = {"DB_PATH": str(tmp_path / "service.db")}
    dockerfile = (project / "Dockerfile").read_text(encoding="utf-8")
    for name, value in re.findall(r"\b(PYTHON\w+)=(\S+)", dockerfile):
        env[name] = value.replace("/srv", str(image))
    for command in (
        ("-m", "alembic", "upgrade", "head"),
        ("scripts/seed_database.py",),
        ("-m", "app", "doctor"),
    ):
        done = run(image, python, *command, **env)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "All is well." in done.stdout
    # What develops and tests the project is not there.
    assert {path.name for path in image.iterdir()}.isdisjoint({"tests", "devtools", ".env"})
    assert "No module named" in run(image, python, "-m", "pytest").stderr


def test_an_image_has_what_the_lock_says(tmp_path: Path) -> None:
    project = bake(tmp_path, driver="aiosqlite")
    assert run(project, find_uv(), "lock", "--quiet").returncode == 0
    lock = (project / "uv.lock").read_text(encoding="utf-8")
    built = build(project, tmp_path / "image")
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "image" / "uv.lock").read_text(encoding="utf-8") == lock

    # Another requirement, which the lock does not know: it is not installed silently.
    metadata = project / "pyproject.toml"
    text = metadata.read_text(encoding="utf-8").replace('"alembic>=', '"tomlkit",\n    "alembic>=')
    metadata.write_text(text, encoding="utf-8")
    refused = build(project, tmp_path / "other")
    assert refused.returncode != 0
    assert "uv.lock" in refused.stderr or "lockfile" in refused.stderr
