"""A project and the MariaDB that is going to fail it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.databases.mariadb_server import MariaDBServer, mariadb_server
from support.projects import Project, Service, serving


@dataclass(frozen=True)
class MariaDBStage:
    """A project and a MariaDB that it has migrated."""

    project: Project
    mariadb: MariaDBServer
    directory: Path

    def service(self, **env: str) -> AbstractContextManager[Service]:
        """Return the service, which answers once it is entered."""
        env = {"DATABASE_URL": self.mariadb.database_url} | env
        return serving(self.project, self.directory / "log", **env)


@contextmanager
def open_mariadb_stage(project: Project, directory: Path) -> Iterator[MariaDBStage]:
    """Yield a project and a server of its own."""
    with mariadb_server() as mariadb:
        project.migrate(DATABASE_URL=mariadb.database_url)
        yield MariaDBStage(project, mariadb, directory)
