"""The parts that put load on services."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from time import perf_counter
from typing import Any

import psutil
from support.databases.postgres_proxy import postgres_proxy

from benchmarks.bench import Bench
from benchmarks.contestants import BASELINE, FLOOR, USUAL
from benchmarks.cores import on
from benchmarks.measuring import measure
from benchmarks.rounds import Round, Slice, cpu_per_request, ratios, spread
from benchmarks.servers import Server, seeded

DELAY = 0.002
"""Seconds that a round trip to the database takes longer, in the part with a network."""
CONNECTIONS, FEW_CONNECTIONS, MANY_CONNECTIONS = 16, 4, 32


def side_by_side(bench: Bench) -> dict[str, Any]:
    """Return how all contestants do on one database, relative to the floor."""
    contestants = bench.workshop.baselines()
    contestants += [bench.workshop.contestant(*pair) for pair in bench.pairs]
    with ExitStack() as stack:
        with on(bench.cores.others):
            url = stack.enter_context(seeded(contestants[0].project, bench.directory))
        with on(bench.cores.servers):
            servers = [stack.enter_context(it.start(url, bench.log(it.name))) for it in contestants]
        with on(bench.cores.others):
            rounds = measured(bench, servers, CONNECTIONS)
    return {method: summary(done, FLOOR) for method, done in rounds.items()}


def far_database(bench: Bench) -> dict[str, Any]:
    """Return how the first project and the usual template do when the database is 2 ms away.

    A proxy of ours makes the way longer. What it costs itself is there at a delay of 0, too.
    """
    usual = bench.workshop.baselines()[1]
    ours = bench.workshop.contestant(*BASELINE)
    results: dict[str, Any] = {}
    for delay in (0, DELAY):
        with ExitStack() as stack:
            with on(bench.cores.others):
                url = stack.enter_context(seeded(ours.project, bench.directory))
                proxy = stack.enter_context(postgres_proxy(url, delay=delay))
            with on(bench.cores.servers):
                servers = [
                    stack.enter_context(it.start(proxy.url, bench.log(it.name)))
                    for it in (ours, usual)
                ]
            with on(bench.cores.others):
                start, before = perf_counter(), _own_cpu()
                rounds = measured(bench, servers, FEW_CONNECTIONS)
                busy = (_own_cpu() - before) / (perf_counter() - start)
        results[f"{delay * 1000:.0f} ms"] = {
            "proxy_busy": busy,
            **{method: summary(done, USUAL) for method, done in rounds.items()},
        }
    return results


def workers(bench: Bench) -> dict[str, Any]:
    """Return what two workers do more than one, with nothing pinned."""
    ours = bench.workshop.contestant(*BASELINE)
    with ExitStack() as stack:
        url = stack.enter_context(seeded(ours.project, bench.directory))
        servers = []
        for count in (1, 2):
            it = replace(ours, name=_workers(count))
            service = it.start(url, bench.log(it.name), "--workers", str(count))
            servers.append(stack.enter_context(service))
        rounds = measured(bench, servers, MANY_CONNECTIONS)
    return {method: summary(done, _workers(1)) for method, done in rounds.items()}


def _workers(count: int) -> str:
    return f"{count} worker{'s' * (count > 1)}"


def measured(bench: Bench, servers: Sequence[Server], connections: int) -> dict[str, list[Round]]:
    """Return the rounds of the benchmark's plan; raises BenchmarkError if a request fails."""
    return measure(
        servers,
        bench.generator,
        bench.plan,
        connections=connections,
        advance=bench.advance,
    )


def _own_cpu() -> float:
    return sum(psutil.Process().cpu_times()[:2])


def summary(rounds: list[Round], base: str) -> dict[str, Any]:
    """Return, for each contestant, its ratios to `base` and what it did by itself.

    Ratios are of requests a second, and of requests in a second of the server's processor.
    Latencies are in seconds, medians over the rounds.
    """

    def over(name: str, measured: str) -> dict[str, float]:
        return asdict(spread(getattr(it[name], measured) for it in rounds))

    return {
        name: {
            "ratio": asdict(spread(ratios(rounds, name, base, rate))),
            "cpu_ratio": cpu_per_request(rounds, base) / cpu_per_request(rounds, name),
            "cpu_seconds_per_request": cpu_per_request(rounds, name),
            "requests_per_second": over(name, "rate"),
            "p50": over(name, "p50"),
            "p99": over(name, "p99"),
            "tail": asdict(spread(it[name].p99 / it[name].p50 for it in rounds)),
        }
        for name in _names(rounds)
    }


def _names(rounds: Iterable[Round]) -> list[str]:
    return sorted({name for it in rounds for name in it})


def rate(it: Slice) -> float:
    """Return the requests a second."""
    return it.rate
