"""What requests cost the database, PgBouncer and a replica: `python -m benchmarks.sizes`.

Writes docs/scale.json and the pages. Processor time and bytes are counted, which other load changes
little, and how fast a replica catches up.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
from support.databases.observer import Observer, observing, wait_until
from support.databases.pgbouncer import pgbouncer
from support.databases.pooler import path_of
from support.databases.postgres_server import PostgresServer, postgres_server
from support.projects import Project, install, serving

from benchmarks.contestants import BASELINE, QUIET
from benchmarks.document import fill_pages
from benchmarks.errors import BenchmarkError
from benchmarks.routes import COMPANIES
from benchmarks.scale import SIZES

REQUESTS, CLIENTS = 8_000, 4
"""Requests of a kind, from as many clients at once."""
REPLAYED = 200_000
"""Transactions that a replica has to catch up."""
POOL = {"DB_POOL_SIZE": "4", "DB_PREWARM": "4"}
# No checkpoint falls into it, after which each page is logged whole once.
SETTINGS = {"checkpoint_timeout": "1h", "max_wal_size": "8GB", "min_wal_size": "2GB"}
FILL = f"""DO $$ BEGIN FOR n IN 1..{REPLAYED} LOOP
INSERT INTO companies (name, industry, created_at, updated_at)
    VALUES ('Replayed ' || n, 'Benchmarks', now(), now());
COMMIT; END LOOP; END $$"""  # noqa: S608  a number


def ask(url: str, method: str, requests: int, run: str) -> None:
    """Send so many requests; raises BenchmarkError if one is not answered as it should be."""
    host, _, port = url.removeprefix("http://").partition(":")
    failed: list[int] = []

    def client(number: int) -> None:
        with closing(HTTPConnection(host, int(port), timeout=60)) as connection:
            for turn in range(requests // CLIENTS):
                if method == "POST":
                    body = {"name": f"{run} {number} {turn}", "industry": "Benchmarks"}
                    headers = {"Content-Type": "application/json"}
                    connection.request("POST", COMPANIES, json.dumps(body), headers)
                else:
                    connection.request("GET", f"{COMPANIES}/{turn + 1}")
                response = connection.getresponse()
                response.read()
                if response.status not in {200, 201}:
                    failed.append(response.status)
                    return

    threads = [Thread(target=client, args=[number]) for number in range(CLIENTS)]
    for it in threads:
        it.start()
    for it in threads:
        it.join()
    if failed:
        raise BenchmarkError(f"{method} was answered {failed[0]}.")


def spent(processes: Callable[[], list[psutil.Process]]) -> float:
    """Return the seconds of processor that they have used."""
    return sum(sum(it.cpu_times()[:2]) for it in processes())


def of_requests(project: Project, directory: Path, server: PostgresServer) -> dict[str, float]:
    """Return what reads and writes cost the server."""
    url = server.database_url
    found: dict[str, float] = {}
    with (
        observing(url) as observer,
        serving(project, directory / "log", DATABASE_URL=url, **QUIET, **POOL) as service,
    ):
        ask(service.url, "POST", REQUESTS, "Warm")
        ask(service.url, "GET", REQUESTS, "Warm")
        begun, at = spent(server.processes), _position(observer)
        ask(service.url, "POST", REQUESTS, "Counted")
        found["database_write"] = (spent(server.processes) - begun) / REQUESTS
        found["wal"] = (_position(observer) - at) / REQUESTS
        begun = spent(server.processes)
        ask(service.url, "GET", REQUESTS, "Counted")
        found["database_read"] = (spent(server.processes) - begun) / REQUESTS
        size = observer.value("SELECT pg_total_relation_size('companies')")
        found["row"] = size / observer.value("SELECT count(*) FROM companies")
        query = "SELECT array_agg(pid) FROM pg_stat_activity WHERE application_name = $1"
        pids = observer.value(query, "company_directory")
        held = [psutil.Process(pid).memory_full_info().uss for pid in pids]
        found["connection"] = sum(held) / len(held)
    return found


def of_pooler(project: Project, directory: Path, url: str) -> dict[str, float]:
    """Return what reads and writes cost PgBouncer; raises BenchmarkError without one."""
    program = path_of("pgbouncer")
    if not program:
        raise BenchmarkError("There is no PgBouncer here: install Debian's pgbouncer, or set PATH.")
    found = {}
    env = {"DB_POOLER": "pgbouncer", **QUIET, **POOL}
    with (
        pgbouncer(url) as pooled,
        serving(project, directory / "log", DATABASE_URL=pooled, **env) as service,
    ):
        children = psutil.Process().children()
        [process] = [it for it in children if Path(program).name in it.name()]
        for method, kind in (("POST", "write"), ("GET", "read")):
            begun = spent(lambda: [process])
            ask(service.url, method, REQUESTS, "Pooled")
            found[f"pooler_{kind}"] = (spent(lambda: [process]) - begun) / REQUESTS
    return found


def of_replica(primary: PostgresServer, stack: ExitStack) -> float:
    """Return the bytes of the log that a replica applies in a second."""
    standby = primary.standby()
    stack.callback(standby.stop, "immediate")
    standby.start()
    with observing(primary.database_url) as writer, observing(standby.database_url) as reader:
        wait_until(lambda: _reached(reader, "receive", _position(writer)))
        reader.execute("SELECT pg_wal_replay_pause()")
        begun = _position(writer)
        writer.execute("SET synchronous_commit = off")
        writer.execute(FILL)
        # Waits until all of it is written.
        writer.execute("SET synchronous_commit = on")
        writer.execute("SELECT txid_current()")
        end = _position(writer)
        wait_until(lambda: _reached(reader, "receive", end))
        reader.execute("SELECT pg_wal_replay_resume()")
        started = time.perf_counter()
        wait_until(lambda: _reached(reader, "replay", end))
        return (end - begun) / (time.perf_counter() - started)


def _position(observer: Observer) -> int:
    return int(observer.value("SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint"))


def _reached(observer: Observer, kind: str, end: int) -> bool:
    name = "pg_last_wal_receive_lsn" if kind == "receive" else "pg_last_wal_replay_lsn"
    return int(observer.value(f"SELECT pg_wal_lsn_diff({name}(), '0/0')::bigint") or 0) >= end


def measure(project: Project, directory: Path) -> dict[str, Any]:
    """Return the costs, and what they were measured on."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres_server(**SETTINGS))
        project.migrate(DATABASE_URL=server.database_url)
        costs = of_requests(project, directory, server)
        costs |= of_pooler(project, directory, server.database_url)
        with observing(server.database_url) as observer:
            version = observer.value("SHOW server_version")
        costs["replay"] = of_replica(server, stack)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "system": f"{platform.system()} {platform.machine()}",
        "postgresql": str(version).split()[0],
        "costs": {name: float(f"{value:.4g}") for name, value in costs.items()},
    }


def main() -> int:
    """Measure, and write what was found; return the exit code."""
    driver, framework = BASELINE
    try:
        with tempfile.TemporaryDirectory(prefix="sizes-") as place:
            directory = Path(place)
            directory.chmod(0o755)
            project = install(directory, "--no-default-groups", driver=driver, framework=framework)
            found = measure(project, directory)
    except BenchmarkError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    SIZES.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    fill_pages()
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
