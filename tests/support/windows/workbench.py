"""An environment with many drivers, in which tests run plain code on a simulated Windows."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import dedent

import pytest

from support.projects import find_uv, new_directory
from support.windows.simulated import Windows, for_group, open_windows

DRIVERS = (
    "aiomysql",
    "aioodbc",
    "aiopg",
    "aiosqlite",
    "asyncmy",
    "asyncpg",
    "motor",
    "oracledb",
    "psycopg-pool",
    "psycopg2-binary",
    "pymongo",
)

on_workbench = for_group("workbench")


@dataclass(frozen=True)
class Workbench:
    """A project for psycopg, with the other drivers beside it."""

    windows: Windows

    def run(self, code: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run `code` on the simulated Windows."""
        return self.windows.run("-c", dedent(code), **env)

    def run_here(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run `code` on this system, as it is."""
        project, url = self.windows.project, self.windows.env["DATABASE_URL"]
        return project.run(project.python, "-c", dedent(code), DATABASE_URL=url)


@contextmanager
def open_workbench(factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """Yield the environment, with a PostgreSQL at DATABASE_URL."""
    with open_windows(new_directory(factory), driver="psycopg", framework="starlette") as windows:
        venv = windows.project.path / ".venv"
        windows.project.succeed(find_uv(), "pip", "install", "--quiet", "-p", venv, *DRIVERS)
        yield Workbench(windows)
