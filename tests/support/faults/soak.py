"""A service under load for a long time, while one thing after another goes wrong."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import asyncpg
import psutil

from support.background import background
from support.databases.observer import wait_until
from support.faults.soak_clients import clients
from support.faults.soak_faults import Faults
from support.faults.stage import Stage, observing_soon
from support.faults.truth import Truth
from support.projects import Service

POOL = 4
WORKERS = 2
POOL_TIMEOUT = 1
ENVIRONMENT = {
    "DB_POOL_SIZE": str(POOL),
    "DB_PREWARM": str(POOL),
    "DB_POOL_TIMEOUT": str(POOL_TIMEOUT),
    # Each one, and not only the first from each place.
    "PYTHONWARNINGS": "always::ResourceWarning",
}
BETWEEN_FAULTS = 1.0
"""Seconds of peace."""
SAMPLE_EVERY = 0.25
"""Seconds between two looks at the server's sessions."""
BALLAST = (
    "INSERT INTO companies (name, industry, created_at, updated_at)"
    " SELECT 'Ballast ' || n || repeat('x', 100), repeat('y', 120), now(), now()"
    " FROM generate_series(1, 20000) AS n"  # 7 MB: an export that nobody reads stops half way
)


@dataclass(frozen=True)
class Quiet:
    """What a worker has when nobody wants anything."""

    worker: int
    memory: int
    """Resident, in bytes."""
    files: int
    """Open file descriptors but those of connections to the database."""
    connections: int
    """To the database."""


@dataclass
class Soak:
    """What was seen."""

    truth: Truth
    faults: Faults
    quiet: list[list[Quiet]] = field(default_factory=list)
    """Of all workers, at the end of each round."""
    sessions: int = 0
    """As many as the service ever had at the same time."""
    looks: int = 0

    def memory(self, fifth: int) -> float:
        """Return the median of the memory that all workers had in a fifth of the rounds."""
        length = len(self.quiet) // 5
        rounds = self.quiet[(fifth - 1) * length : fifth * length]
        return statistics.median(sum(it.memory for it in workers) for workers in rounds)


def soak(stage: Stage, service: Service, *, seconds: float) -> Soak:
    """Let clients work and things go wrong, and look closely now and then."""
    truth = Truth()
    capacity = POOL * WORKERS
    faults = Faults(stage, service.url, truth, capacity=capacity, pool_timeout=POOL_TIMEOUT)
    seen = Soak(truth, faults)
    rounds = max(10, min(20, round(seconds / 15)))
    with _watching_sessions(stage, service, seen):
        for _ in range(rounds):
            end = time.monotonic() + seconds / rounds
            with clients(service.url, truth):
                while time.monotonic() < end:
                    time.sleep(BETWEEN_FAULTS)
                    faults.next()
                time.sleep(BETWEEN_FAULTS)
            seen.quiet.append(_quiet(stage, service))
    return seen


@contextmanager
def _watching_sessions(stage: Stage, service: Service, seen: Soak) -> Iterator[None]:
    def watch(stop: threading.Event) -> None:
        while not stop.is_set():
            # It is lost whenever the server is, and asyncpg's own state with it now and then.
            with (
                suppress(
                    asyncpg.PostgresError,
                    asyncpg.InterfaceError,
                    asyncpg.InternalClientError,
                    OSError,
                ),
                observing_soon(stage) as observer,
            ):
                while not stop.wait(SAMPLE_EVERY):
                    # A session that the server ends is in its view for a moment after the
                    # service has been told, and has another: what both have is there.
                    both = observer.client_ports() & _open_ports(stage, service)
                    seen.sessions = max(seen.sessions, len(both))
                    seen.looks += 1

    with background(watch):
        yield


def _open_ports(stage: Stage, service: Service) -> set[int]:
    """Return the ports at the service's end of its connections to the database."""
    workers = psutil.Process(service.process.pid).children()
    return {port for it in workers for port in _database_ports(it, stage)}


def _database_ports(worker: psutil.Process, stage: Stage) -> list[int]:
    ends = [it for it in worker.net_connections() if it.raddr]
    return [it.laddr.port for it in ends if it.raddr.port == stage.postgres.port]


def _quiet(stage: Stage, service: Service) -> list[Quiet]:
    supervisor = psutil.Process(service.process.pid)
    workers = [it for it in supervisor.children() if it.net_connections()]
    with observing_soon(stage) as observer:
        wait_until(lambda: not observer.sessions("state <> 'idle'"))
    return [
        Quiet(it.pid, it.memory_info().rss, it.num_fds() - to_database, to_database)
        for it in workers
        for to_database in [len(_database_ports(it, stage))]
    ]
