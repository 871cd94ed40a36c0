"""Databases and services, as processes."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import psutil
from devtools.local_mariadb import local_database as local_mariadb
from devtools.local_postgres import local_database as local_postgres
from support.bake import ANSWERS
from support.databases.observer import observing
from support.projects import Project, environment, free_port

from benchmarks.errors import BenchmarkError
from benchmarks.generator import IDS
from benchmarks.routes import OURS, Routes

PATIENCE = 60
"""Seconds after which a service will not start."""


@dataclass(frozen=True)
class Server:
    """A service that answers."""

    name: str
    url: str
    process: psutil.Process
    log: Path
    cpu_until_ready: float
    """Seconds of processor until it first answered."""
    routes: Routes = OURS

    def cpu(self) -> float:
        """Return the seconds of processor that its processes have used."""
        return _sum(self.process, lambda it: sum(it.cpu_times()[:2]))

    def memory(self) -> int:
        """Return the bytes of memory that its processes hold (resident set size)."""
        return int(_sum(self.process, lambda it: it.memory_info().rss))


def _sum(process: psutil.Process, measure: Callable[[psutil.Process], float]) -> float:
    total: float = measure(process)
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            total += measure(child)
    return total


@contextmanager
def started(  # noqa: PLR0913  each of them is said in one place
    name: str,
    command: Sequence[str | Path],
    directory: Path,
    log: Path,
    env: Mapping[str, str],
    *,
    patience: float = PATIENCE,
    routes: Routes = OURS,
) -> Iterator[Server]:
    """Yield the service that a command starts on the port that replaces "{port}", once it answers.

    Raises BenchmarkError, with the log, if it does not.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [str(it).replace("{port}", str(port)) for it in command],
            cwd=directory,
            env=environment(**env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as popen,
    ):
        process = psutil.Process(popen.pid)
        try:
            _wait_until_it_answers(name, url + routes.ready, popen, log, patience)
            server = Server(name, url, process, log, cpu_until_ready=0, routes=routes)
            yield replace(server, cpu_until_ready=server.cpu())
        finally:
            _stop(popen, process)


def _wait_until_it_answers(
    name: str, url: str, popen: subprocess.Popen[bytes], log: Path, patience: float
) -> None:
    deadline = time.monotonic() + patience
    while popen.poll() is None and time.monotonic() < deadline:
        with suppress(httpx2.TransportError):
            if httpx2.get(url, trust_env=False).status_code == 200:
                return
        time.sleep(0.01)
    told = log.read_text(encoding="utf-8", errors="replace").strip()
    raise BenchmarkError(f"{name} did not start; it says: {told[-1000:]}")


def _stop(popen: subprocess.Popen[bytes], process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        all_of_it = [process, *process.children(recursive=True)]
        popen.terminate()
        _, alive = psutil.wait_procs(all_of_it, timeout=15)
        for it in alive:
            it.kill()


@contextmanager
def database(driver: str, directory: Path) -> Iterator[str]:
    """Yield the DATABASE_URL of an empty database.

    Raises devtools.local_server.LocalServerError where there is no server of this kind.
    """
    kind = ANSWERS["_drivers"][driver]["database"]
    if kind == "sqlite":
        yield f"sqlite:///{(directory / 'benchmark.db').as_posix()}"
        return
    with local_postgres() if kind == "postgresql" else local_mariadb() as url:
        yield url


@contextmanager
def migrated(project: Project, directory: Path) -> Iterator[str]:
    """Yield the DATABASE_URL of a database that the project has migrated."""
    with database(project.driver, directory) as url:
        project.migrate(DATABASE_URL=url)
        yield url


@contextmanager
def seeded(project: Project, directory: Path, rows: int = IDS) -> Iterator[str]:
    """Yield the same with so many companies, whose ids count from 1 on (PostgreSQL)."""
    with migrated(project, directory) as url:
        with observing(url) as observer:
            observer.execute(
                "INSERT INTO companies (name, industry, created_at, updated_at)"  # noqa: S608  a number
                " SELECT 'Company ' || n, 'Benchmarks', now(), now()"
                f" FROM generate_series(1, {rows}) AS n; ANALYZE companies"
            )
        yield url
