"""A project, a primary that it has migrated, and a standby that has all that is committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.databases.observer import observing, wait_until
from support.databases.postgres_server import PostgresServer
from support.faults.stage import Stage, open_stage
from support.projects import Project

CONNECT_TIMEOUT = 2
"""Seconds; what DB_CONNECT_TIMEOUT is set to."""
POOL_TIMEOUT = 3
"""Seconds; what DB_POOL_TIMEOUT is set to."""
BOUND = 2 * CONNECT_TIMEOUT + POOL_TIMEOUT
"""Seconds until writes succeed again: each of two hosts may cost a connection its timeout, and
who waits for one in the meantime gives up after the pool's."""
SETTINGS = {"DB_CONNECT_TIMEOUT": str(CONNECT_TIMEOUT), "DB_POOL_TIMEOUT": str(POOL_TIMEOUT)}


@dataclass(frozen=True)
class Pair:
    """Two servers; a COMMIT on the primary waits for the standby."""

    stage: Stage
    primary: PostgresServer
    standby: PostgresServer

    @property
    def url(self) -> str:
        """The DATABASE_URL of both, as libpq spells it; the primary comes first."""
        before, at, after = self.primary.database_url.partition("127.0.0.1")
        port, slash, name = after.partition("/")
        return f"{before}{at}{port},127.0.0.1:{self.standby.port}{slash}{name}"


def names_on(server: PostgresServer) -> set[str]:
    """Return the names of the companies that a server has."""
    with observing(server.database_url) as observer:
        return set(observer.value("SELECT array_agg(name) FROM companies") or [])


@contextmanager
def open_pair(project: Project, directory: Path) -> Iterator[Pair]:
    """Yield two servers that run."""
    with ExitStack() as stack:
        stage = stack.enter_context(open_stage(project, directory, synchronous_commit="on"))
        primary = stage.postgres
        standby = primary.standby()
        stack.callback(standby.stop, "immediate")
        standby.start()
        with observing(primary.database_url) as observer:
            observer.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            observer.execute("SELECT pg_reload_conf()")
            query = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
            wait_until(lambda: observer.value(query))
        yield Pair(stage, primary, standby)
