"""Interleaves slices of load on servers that all stay up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.contestants import ensure_the_same_answers
from benchmarks.errors import BenchmarkError
from benchmarks.generator import Generator, Load
from benchmarks.rounds import Outcome, Round, Slice, rotated
from benchmarks.servers import Server


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    rounds: int
    seconds: float
    """Of a slice."""
    methods: tuple[str, ...] = ()
    """What to send; by default all that the generator can."""


def measure(
    servers: Sequence[Server],
    generator: Generator,
    plan: Plan,
    *,
    connections: int,
    advance: Callable[[str], object],
) -> dict[str, list[Round]]:
    """Return the rounds for each method.

    Raises BenchmarkError if a request fails.
    """
    ensure_the_same_answers([*servers])
    rounds: dict[str, list[Round]] = {method: [] for method in plan.methods or generator.methods}
    for number in range(-1, plan.rounds):
        for method, done in rounds.items():
            one: dict[str, Slice] = {}
            for server in rotated(servers, number):
                advance(f"{method} {server.name}")
                load = Load(method, plan.seconds, connections, server.routes)
                before = server.cpu()
                try:
                    outcome = generator.run(server.url, load)
                except BenchmarkError as error:
                    raise BenchmarkError(f"{server.name}: {error}") from error
                # The first round warms up: connections, caches, prepared statements.
                if number >= 0:
                    one[server.name] = _slice(server, outcome, server.cpu() - before)
            if number >= 0:
                done.append(one)
    return rounds


def _slice(server: Server, outcome: Outcome, cpu: float) -> Slice:
    if not outcome.requests:
        raise BenchmarkError(f"{server.name} answered nothing in {outcome.seconds:.1f} s.")
    return Slice(outcome.requests, outcome.seconds, outcome.p50, outcome.p99, cpu)
