"""A project and the server that is going to fail it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from support.databases.observer import APPLICATION, PATIENCE, Observer, observing
from support.databases.postgres_server import PostgresServer, postgres_server
from support.projects import Project, Service, serving


@dataclass(frozen=True)
class Stage:
    """A project and a PostgreSQL that it has migrated."""

    project: Project
    postgres: PostgresServer
    directory: Path

    def observing(self) -> AbstractContextManager[Observer]:
        """Return a look into the database, for as long as the server stays up."""
        return observing(self.postgres.database_url)

    @contextmanager
    def service(self, *options: str, **env: str) -> Iterator[Service]:
        """Yield the service, once it answers."""
        env = {"DATABASE_URL": self.postgres.database_url, "DB_APPLICATION_NAME": APPLICATION} | env
        with serving(self.project, self.directory / "log", *options, **env) as service:
            yield service


@contextmanager
def open_stage(project: Project, directory: Path, **settings: str) -> Iterator[Stage]:
    """Yield the same with these settings of PostgreSQL."""
    with postgres_server(**settings) as postgres:
        url = postgres.database_url
        project.migrate(DATABASE_URL=url)
        yield Stage(project, postgres, directory)


@contextmanager
def observing_soon(stage: Stage) -> Iterator[Observer]:
    """Yield a look into the database, as soon as it lets us in."""
    deadline = time.monotonic() + PATIENCE
    with ExitStack() as stack:
        while True:
            try:
                observer = stack.enter_context(stage.observing())
                break
            except (asyncpg.PostgresError, OSError):
                assert time.monotonic() < deadline, "The database lets nobody in."
                time.sleep(0.05)
        yield observer
