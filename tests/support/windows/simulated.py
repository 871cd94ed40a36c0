"""Rendered projects on a simulated Windows; `simulated_win32/sitecustomize.py` says what it is."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import httpx2
import pytest

from support.projects import (
    PATIENCE,
    Project,
    environment,
    find_uv,
    free_port,
    install,
    migrated_database,
)
from support.windows.launchers import Launcher

SIMULATION = Path(__file__).with_name("simulated_win32")
SELECTOR = "_WindowsSelectorEventLoop"
EXTRA = {"fastapi": ["fastapi-cli", "granian", "hypercorn"]}
GUARD = "start the service with `python -m app`"
ONE_PROCESS = "serves with one process on Windows"
simulated = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows needs no simulation of itself"
)


@dataclass(frozen=True)
class Windows:
    """A project on a simulated Windows."""

    project: Project
    env: dict[str, str]
    report: Path

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run its Python to the end."""
        return self.project.run(self.project.python, *arguments, **self.env, **env)

    def loops(self) -> set[str]:
        """Return the kinds of loops that ran."""
        text = self.report.read_text(encoding="utf-8") if self.report.exists() else ""
        return {line.split()[1] for line in text.splitlines()}


@contextmanager
def open_windows(
    directory: Path, *, python: str = sys.executable, **answers: str
) -> Iterator[Windows]:
    """Yield the project of `answers` with what its launchers need and a migrated database."""
    project = install(directory, "--python", python, **answers)
    if extra := EXTRA.get(answers["framework"]):
        venv = project.path / ".venv"
        project.succeed(find_uv(), "pip", "install", "--quiet", "-p", venv, *extra)
    with migrated_database(project, directory) as url:
        report = directory / "loops"
        python_path = os.pathsep.join([str(SIMULATION), str(project.path)])
        env = {
            "DATABASE_URL": url,
            "PYTHONPATH": python_path,
            "SIMULATED_WIN32_LOOPS": str(report),
        }
        yield Windows(project, env, report)


@dataclass(frozen=True)
class Launched:
    """What came of a launch."""

    status: int | None
    """Of the first answer from the database, or None if there was none."""
    log: str


def launch(windows: Windows, launcher: Launcher, log: Path, **env: str) -> Launched:
    """Start the service, wait until it is clear what comes of it, and end all its processes."""
    port = free_port()
    windows.report.unlink(missing_ok=True)
    command = [argument.format(port=port) for argument in launcher.command]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [windows.project.python, *command],
            cwd=windows.project.path,
            env=environment(**windows.env, **env),
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        try:
            return _watch(process, f"http://127.0.0.1:{port}/api/v1/companies", log)
        finally:
            # With the workers and reloaders that it may have left behind.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _watch(process: subprocess.Popen[bytes], url: str, log: Path) -> Launched:
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        told = log.read_text(encoding="utf-8", errors="replace")
        if GUARD in told or process.poll() is not None:
            return Launched(None, told)
        try:
            return Launched(httpx2.get(url, timeout=30).status_code, told)
        except httpx2.TransportError:
            sleep(0.05)
    raise AssertionError(f"Neither an answer nor an end: {told}")


def for_group(name: str) -> pytest.MarkDecorator:
    return pytest.mark.xdist_group(f"windows-{name}")


def assert_outcome(
    outcome: str, launched: Launched, loops: set[str], expected: str = SELECTOR
) -> None:
    if outcome == "serves":
        assert launched.status == 200, launched.log
        assert loops == {expected}, launched.log
    elif outcome == "breaks":
        assert launched.status is None
        assert re.search("'Namespace' .* 'unix'|'asyncio' .* '.*policy'", launched.log), (
            launched.log
        )
    else:
        assert launched.status is None
        assert GUARD in launched.log or ONE_PROCESS in launched.log
        # No traceback buries the sentence.
        assert not re.search(r'File ".*", line ', launched.log), launched.log
        assert "Psycopg cannot use" not in launched.log
