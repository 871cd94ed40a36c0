"""A project and the Galera cluster that is going to fail it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.databases.galera import GONE_AFTER, NODES, Galera
from support.projects import Project, Service, serving

CONNECT_TIMEOUT = 2
"""Seconds; what DB_CONNECT_TIMEOUT is set to."""
POOL_TIMEOUT = 3
"""Seconds; what DB_POOL_TIMEOUT is set to."""
STATEMENT_TIMEOUT = 2
"""Seconds; what DB_STATEMENT_TIMEOUT is set to. A silent server is given up 5 seconds later."""
SETTINGS = {
    "DB_CONNECT_TIMEOUT": str(CONNECT_TIMEOUT),
    "DB_POOL_TIMEOUT": str(POOL_TIMEOUT),
    "DB_STATEMENT_TIMEOUT": str(STATEMENT_TIMEOUT),
}
BOUND = max(GONE_AFTER, STATEMENT_TIMEOUT + 5) + NODES * CONNECT_TIMEOUT + POOL_TIMEOUT
"""Seconds until writes succeed again. The other nodes wait until the lost one is gone, while
statements on it wait for its answer; each node may cost a connection its timeout; and who waits for
one in the meantime gives up after the pool's."""


@dataclass(frozen=True)
class GaleraStage:
    """A project and a cluster that it has migrated."""

    project: Project
    cluster: Galera
    directory: Path

    def service(self, *nodes: int, **env: str) -> AbstractContextManager[Service]:
        """Return the service on these nodes, or on all; it answers once it is entered."""
        log = self.directory / f"log{''.join(map(str, nodes))}"
        env = {"DATABASE_URL": self.cluster.url(*nodes)} | SETTINGS | env
        return serving(self.project, log, **env)


@contextmanager
def open_galera_stage(project: Project, cluster: Galera, directory: Path) -> Iterator[GaleraStage]:
    """Yield a project and a cluster with an empty database, all of whose nodes are in it."""
    cluster.empty()
    project.migrate(DATABASE_URL=cluster.url(0))
    yield GaleraStage(project, cluster, directory)
