"""What this template wants to reach, and whether the last run did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.bake import ANSWERS

from benchmarks.contestants import USUAL, label
from benchmarks.peer_files import BUILT_IN, Peer, read_peer

Parts = dict[str, Any]
OURS = label("asyncpg", "fastapi")


@dataclass(frozen=True)
class Bar:
    """A figure that should be at least `least`, or at most `most`."""

    what: str
    measured: Callable[[Parts], float]
    least: float | None = None
    most: float | None = None
    part: str | None = None
    """Without which it can't be told, where that may not have been measured yet."""

    def is_met(self, parts: Parts) -> bool:
        """Return whether the figure, as it is shown, is within the limits."""
        value = round(self.measured(parts), 2)
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )

    @property
    def limit(self) -> str:
        """The limit, for people."""
        return f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"


def _counted(framework: str, method: str, least: float) -> Bar:
    name = label("asyncpg", framework)
    return Bar(
        f"{ANSWERS['_frameworks'][framework]['label']}, {method}, of the floor's instructions",
        lambda parts: _of_instructions(parts, method, name),
        least,
    )


def _of_instructions(parts: Parts, method: str, name: str) -> float:
    ratio: float = parts["instructions"][method][name]["ratio"]
    return ratio


def _of_floor(framework: str, method: str, least: float) -> Bar:
    name = label("asyncpg", framework)
    return Bar(
        f"{ANSWERS['_frameworks'][framework]['label']}, {method}, of the floor",
        lambda parts: _ratio(parts, method, name),
        least,
    )


def _ratio(parts: Parts, method: str, name: str) -> float:
    ratio: float = parts["side_by_side"][method][name]["ratio"]["median"]
    return ratio


def _bulk(driver: str, least: float) -> Bar:
    return Bar(
        f"`bulk_insert` with {driver}, times `add_all`",
        lambda parts: parts["bulk"][driver]["times_faster"]["median"],
        least,
    )


def _isolation(way: str, tables: str) -> Bar:
    return Bar(
        f"isolating a test, of drop and create ({tables} tables)",
        lambda parts: 1 / parts["own_tests"][way]["times_faster"]["median"],
        most=0.1,
    )


def _times(peer: Peer, method: str, least: float) -> Bar:
    ours = label("asyncpg", peer.compared_with)
    return Bar(
        f"{ours}, {method}, times {peer.name}",
        lambda parts: parts["peers"][method][peer.name]["ours"][ours]["median"],
        least,
        part="peers",
    )


TIMES_USUAL = Bar(
    "FastAPI, GET, times the usual template",
    lambda parts: _ratio(parts, "GET", OURS) / _ratio(parts, "GET", USUAL),
    1.6,
)
TIMES_USUAL_FAR = Bar(
    "the same with the database 2 ms away",
    lambda parts: parts["far_database"]["2 ms"]["GET"][OURS]["ratio"]["median"],
    4,
)

OF_FLOOR = (
    ("starlette", "GET", 0.28),
    ("aiohttp", "GET", 0.28),
    ("sanic", "GET", 0.28),
    ("litestar", "GET", 0.23),
    ("fastapi", "GET", 0.23),
    ("quart", "GET", 0.18),
    ("litestar", "POST", 0.17),
    ("fastapi", "POST", 0.15),
)
"""What a request should reach of the floor, in instructions and by the clock alike."""
BARS = (
    *(_counted(*bar) for bar in OF_FLOOR),
    Bar(
        "psycopg, GET, of asyncpg's instructions",
        lambda parts: (
            _of_instructions(parts, "GET", label("psycopg", "fastapi"))
            / _of_instructions(parts, "GET", OURS)
        ),
        0.9,
    ),
    *(_of_floor(*bar) for bar in OF_FLOOR),
    Bar(
        "psycopg, GET, of asyncpg",
        lambda parts: (
            _ratio(parts, "GET", label("psycopg", "fastapi")) / _ratio(parts, "GET", OURS)
        ),
        0.9,
    ),
    TIMES_USUAL,
    TIMES_USUAL_FAR,
    *(
        _times(read_peer(file), method, least)
        for file in BUILT_IN
        for method, least in (("GET", 2.2), ("POST", 1.8))
    ),
    Bar(
        "p99 ÷ p50 of FastAPI's GET",
        lambda parts: parts["side_by_side"]["GET"][OURS]["tail"]["median"],
        most=2,
    ),
    Bar(
        "two workers, times one",
        lambda parts: parts["workers"]["GET"]["2 workers"]["ratio"]["median"],
        1.7,
    ),
    _bulk("asyncpg", 25),
    _bulk("aiosqlite", 15),
    _bulk("asyncmy", 10),
    _isolation("create_all", "two"),
    _isolation("create_all_of_ten", "ten"),
    # 0.5 s, where a start of 4,959 million instructions took 0.69 s.
    Bar(
        "a start of FastAPI's, millions of instructions",
        lambda parts: parts["start_instructions"]["instructions"] / 1e6,
        most=3594,
        part="start_instructions",
    ),
    Bar("a bake, seconds", lambda parts: parts["rendering"]["seconds"], most=1),
    Bar(
        "a bake, times as many plain files",
        lambda parts: parts["rendering"]["times_slower"]["median"],
        most=1.2,
    ),
)
