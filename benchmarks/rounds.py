"""Slices of load, interleaved in rounds, and what they say of each other.

A machine's speed changes from second to second, but two slices that follow each other see about
the same machine. So each round gives one ratio, and the ratios' median is what is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    """What came of a load; times in seconds."""

    requests: int
    seconds: float
    p50: float
    p99: float


@dataclass(frozen=True)
class Slice:
    """A short load on one server; times in seconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    cpu: float
    """What the server's processes used."""

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


Round = Mapping[str, Slice]
"""One slice of each contestant."""


@dataclass(frozen=True)
class Spread:
    """What was measured again and again."""

    median: float
    low: float
    high: float


def spread(values: Iterable[float]) -> Spread:
    """Return the median, the smallest and the largest; raises ValueError if there are none."""
    values = list(values)
    if not values:
        raise ValueError("There is nothing to summarise.")
    return Spread(median(values), min(values), max(values))


def rotated(contestants: Sequence[T], round_number: int) -> list[T]:
    """Return the contestants in another order each round, so that each has every neighbour."""
    if not contestants:
        return []
    start = round_number % len(contestants)
    return [*contestants[start:], *contestants[:start]]


def ratios(
    rounds: Iterable[Round], name: str, base: str, measure: Callable[[Slice], float]
) -> list[float]:
    """Return, for each round, `measure` of the contestant divided by that of `base`."""
    return [measure(it[name]) / measure(it[base]) for it in rounds]


def cpu_per_request(rounds: Iterable[Round], name: str) -> float:
    """Return the seconds of processor that a request took the server, over all rounds.

    It hardly depends on what else the machine does. Over all, because systems count it in
    hundredths of a second.
    """
    slices = [it[name] for it in rounds]
    return sum(it.cpu for it in slices) / sum(it.requests for it in slices)
