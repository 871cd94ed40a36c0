"""A project and the file that is its database."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

from support.projects import Project, Service, serving


@dataclass(frozen=True)
class SQLiteStage:
    """A project and the file that it has migrated."""

    project: Project
    directory: Path

    @property
    def file(self) -> Path:
        """The database."""
        return self.directory / "service.db"

    @property
    def env(self) -> dict[str, str]:
        """What tells the project so."""
        return {"DB_PATH": str(self.file)}

    def service(self, workers: int = 1, /, **env: str) -> AbstractContextManager[Service]:
        """Return the service, which answers once it is entered."""
        log = self.directory / "log"
        return serving(self.project, log, "--workers", str(workers), **self.env, **env)

    def look(self) -> sqlite3.Connection:
        """Return a connection of another process than the service."""
        return sqlite3.connect(self.file, isolation_level=None)

    def names(self) -> set[str]:
        """Return the names of all companies, in a database that must be intact."""
        with closing(self.look()) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return {name for [name] in connection.execute("SELECT name FROM companies")}


def open_sqlite_stage(project: Project, directory: Path) -> SQLiteStage:
    """Return a project and a database of its own."""
    stage = SQLiteStage(project, directory)
    project.migrate(**stage.env)
    return stage
