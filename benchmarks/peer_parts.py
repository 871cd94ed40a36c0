"""Projects and peers, side by side: by the clock, in round trips, and in instructions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from http.client import HTTPConnection
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from support.databases.postgres_proxy import Counts, postgres_proxy

from benchmarks.bench import Bench
from benchmarks.callgrind import METHODS, Request
from benchmarks.contestants import BASELINE, FLOOR, Contestant, label
from benchmarks.cores import on
from benchmarks.errors import BenchmarkError
from benchmarks.generator import Load
from benchmarks.instructions import compared, counted, run_of_counts
from benchmarks.loads import CONNECTIONS, measured, rate, summary
from benchmarks.peer_files import Peer
from benchmarks.rounds import Round, ratios, spread
from benchmarks.servers import seeded

PROJECTS = (BASELINE, ("psycopg", "fastapi"), ("asyncpg", "litestar"))
"""Ours that are beside them: with each framework that a peer has, and each driver."""
MOST = 6
"""Peers side by side, for the sake of PostgreSQL's connections."""
WARM = 20
"""Requests after which a driver has prepared what it is going to prepare."""
SETTLED = 0.05
"""Seconds after which what follows an answer is over, such as a commit in a dependency."""
NAMED = (
    *("fastapi", "litestar", "starlette", "pydantic", "sqlalchemy", "sqlmodel", "advanced-alchemy"),
    *("asyncpg", "psycopg", "uvicorn", "granian"),
)
"""The packages whose versions are told."""


def peers(bench: Bench) -> dict[str, Any]:
    """Return how projects and peers do on one database.

    Raises BenchmarkError if there are more than MOST, or one of them fails.
    """
    with ExitStack() as stack:
        with on(bench.cores.others):
            url = stack.enter_context(_tables(bench))
        contestants = [*_ours(bench), *(bench.inn.guest(it) for it in bench.peers)]
        with ExitStack() as running:
            with on(bench.cores.servers):
                servers = [
                    running.enter_context(it.start(url, bench.log(it.name))) for it in contestants
                ]
            with on(bench.cores.others):
                rounds = measured(bench, servers, CONNECTIONS)
    return {
        **{method: _compared(done) for method, done in rounds.items()},
        "about": {it.name: _about(bench, it) for it in bench.peers},
    }


def peer_round_trips(bench: Bench) -> dict[str, Any]:
    """Return what passes between each project and each peer and the database."""
    with _tables(bench) as url:
        contestants = [*_ours(bench)[1:], *(bench.inn.guest(it) for it in bench.peers)]
        return {it.name: _wire(bench, it, url) for it in contestants}


def peer_instructions(bench: Bench) -> dict[str, Any]:
    """Return what a GET and a POST cost projects and peers."""
    with _tables(bench) as url:
        contestants = [*_ours(bench), *(bench.inn.guest(it, counted=True) for it in bench.peers)]
        counts = {it.name: counted(bench, it, url, tuple(METHODS)) for it in contestants}
    return {
        **{method: compared(counts, method, FLOOR) for method in METHODS},
        "about": {it.name: _about(bench, it) for it in bench.peers},
        "run": run_of_counts(bench),
    }


def _ours(bench: Bench) -> list[Contestant]:
    """Return the floor, the first project, and others that the options leave."""
    others = [it for it in PROJECTS if it in bench.pairs and it != BASELINE]
    projects = [bench.workshop.contestant(*it) for it in (BASELINE, *others)]
    return [bench.workshop.baselines()[0], *projects]


@contextmanager
def _tables(bench: Bench) -> Iterator[str]:
    """Yield a database with the tables of all."""
    if len(bench.peers) > MOST:
        raise BenchmarkError(
            f"PostgreSQL's connections suffice for {MOST} peers side by side, and there are "
            f"{len(bench.peers)}."
        )
    names = [FLOOR, *(label(*pair) for pair in PROJECTS), *(it.name for it in bench.peers)]
    for name in names:
        if names.count(name) > 1:
            raise BenchmarkError(
                f"Two services are called {name!r}: give one of them another name."
            )
    for it in bench.peers:
        bench.advance(f"Install {it.name}")
        bench.inn.guest(it)
    project = bench.workshop.project(*BASELINE)
    with seeded(project, bench.directory) as url:
        for it in bench.peers:
            bench.inn.make_tables(it, url)
        yield url


def _compared(rounds: list[Round]) -> dict[str, Any]:
    """Return the summary with, for each contestant, how many times as much each of ours does."""
    ours = [name for pair in PROJECTS if (name := label(*pair)) in rounds[0]]
    found = summary(rounds, FLOOR)
    for name, it in found.items():
        it["ours"] = {base: asdict(spread(ratios(rounds, base, name, rate))) for base in ours}
    return found


def _about(bench: Bench, peer: Peer) -> dict[str, Any]:
    versions = bench.inn.versions(peer)
    return {
        "source": peer.source,
        "version": peer.version,
        "compared_with": peer.compared_with,
        "versions": {name: versions[name] for name in NAMED if name in versions},
    }


def _wire(bench: Bench, contestant: Contestant, url: str) -> dict[str, Any]:
    """Return the round trips of each request, and the connections that one opens under load."""
    bench.advance(f"Round trips of {contestant.name}")
    with (
        postgres_proxy(url) as proxy,
        contestant.start(proxy.url, bench.log(contestant.name)) as server,
    ):
        numbers = count()
        found = {
            method: round_trips(server.url, request(numbers, server.routes), proxy.counts)
            for method, request in METHODS.items()
        }
        load = Load("GET", bench.plan.seconds, CONNECTIONS, server.routes)
        # The first load fills the pool.
        bench.generator.run(server.url, load)
        before = proxy.counts.connections
        outcome = bench.generator.run(server.url, load)
        opened = proxy.counts.connections - before
    return {"round_trips": found, "connections_per_request": opened / outcome.requests}


def round_trips(url: str, request: Request, counts: Counts) -> float:
    """Return those of a warm request; each comes when the one before is over in the service, too.

    Raises BenchmarkError if one fails.
    """
    address = urlsplit(url)
    with closing(HTTPConnection(str(address.hostname), address.port, timeout=60)) as connection:
        before = 0
        for number in range(2 * WARM):
            if number == WARM:
                before = counts.round_trips
            request(connection)
            response = connection.getresponse()
            told = response.read()
            if response.status not in {200, 201}:
                raise BenchmarkError(f"{url} answers {response.status} {told[:200]!r}.")
            time.sleep(SETTLED)
        return (counts.round_trips - before) / WARM
