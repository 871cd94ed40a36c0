"""The arithmetic of the benchmark, and its reading of what load generators print."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.chart import WIDTH, Row, draw
from benchmarks.errors import BenchmarkError
from benchmarks.generator import read_oha, read_wrk
from benchmarks.rounds import Slice, Spread, cpu_per_request, ratios, rotated, spread
from benchmarks.start_up import read_imports

# No test of speed: the machine may be busy.
unhurried = settings(deadline=None, max_examples=50)
positive = st.floats(min_value=1e-3, max_value=1e6)
slices = st.builds(
    Slice,
    requests=st.integers(1, 10**6),
    seconds=positive,
    p50=positive,
    p99=positive,
    cpu=positive,
)
rounds_ = st.lists(st.fixed_dictionaries({"floor": slices, "ours": slices}), min_size=1)


def rate(it: Slice) -> float:
    """Return the requests a second."""
    return it.rate


@unhurried
@given(st.lists(st.integers(), unique=True, min_size=1), st.integers(0, 100))
def test_each_contestant_has_its_turn_in_each_round(contestants: list[int], first: int) -> None:
    rounds = [rotated(contestants, first + number) for number in range(len(contestants))]
    for order in rounds:
        assert sorted(order) == sorted(contestants)
    # Over as many rounds, each has been at every place.
    for place in zip(*rounds, strict=True):
        assert {*place} == {*contestants}


def test_nobody_needs_no_order() -> None:
    assert rotated([], 3) == []


@unhurried
# Ratios, seconds and bytes: the mean of the middle two is far from the end of floats.
@given(st.lists(st.floats(0, 1e30), min_size=1))
def test_a_median_is_within_its_spread(values: list[float]) -> None:
    it = spread(values)
    assert min(values) == it.low <= it.median <= it.high == max(values)


def test_nothing_has_no_spread() -> None:
    with pytest.raises(ValueError, match="nothing"):
        spread([])


@unhurried
@given(rounds_)
def test_the_base_is_one(rounds: list[dict[str, Slice]]) -> None:
    assert set(ratios(rounds, "floor", "floor", rate)) == {1}


@unhurried
@given(rounds_, st.floats(0.1, 10))
def test_ratios_are_of_a_round_and_not_of_its_machine(
    rounds: list[dict[str, Slice]], slower: float
) -> None:
    """A machine that is slower throughout a round changes none of its ratios."""
    busy = [
        {name: Slice(it.requests, it.seconds * slower, 1, 1, 1) for name, it in one.items()}
        for one in rounds
    ]
    before, after = (ratios(them, "ours", "floor", rate) for them in (rounds, busy))
    assert after == pytest.approx(before)


def test_the_cost_of_a_request_is_over_all_rounds() -> None:
    """A round of few requests, whose time is hardly more than the clock's step, counts for less."""
    rounds = [
        {"ours": Slice(requests, seconds=1, p50=1, p99=1, cpu=cpu)}
        for requests, cpu in ((1, 0.01), (99, 0.24))
    ]
    assert cpu_per_request(rounds, "ours") == pytest.approx(0.0025)


def wrk(*, statuses: int = 0, timeouts: int = 0) -> str:
    """Return what our script for wrk prints."""
    report = {"requests": 50, "microseconds": 500_000, "p50": 1500.0, "p99": 9000.0}
    failures = {"statuses": statuses, "sockets": {"connect": 0, "timeout": timeouts}}
    return f"Running\nRESULT {json.dumps(report | failures)}\n"


def oha(statuses: dict[str, int], errors: dict[str, int]) -> str:
    """Return what oha prints, as its schema.json says, as far as we read it."""
    return json.dumps(
        {
            "summary": {"total": 0.5},
            "latencyPercentiles": {"p50": 0.0015, "p99": 0.009},
            "statusCodeDistribution": statuses,
            "errorDistribution": errors,
        }
    )


def test_both_generators_are_read_alike() -> None:
    assert read_wrk(wrk(), "GET") == read_oha(oha({"200": 50}, {}), "GET")


@pytest.mark.parametrize(
    ("failed", "sentence"),
    [
        (wrk(statuses=1), "GET url: requests failed (a status of an error: 1)"),
        (wrk(timeouts=2), "GET url: requests failed (timeout: 2)"),
        ("Connection refused", "GET url; it says: Connection refused"),
    ],
)
def test_a_failure_that_wrk_saw_leaves_no_figure(failed: str, sentence: str) -> None:
    with pytest.raises(BenchmarkError, match=re.escape(sentence)):
        read_wrk(failed, "GET url")


@pytest.mark.parametrize(
    ("statuses", "errors"), [({"200": 9, "503": 1}, {}), ({"200": 9}, {"connection closed": 1})]
)
def test_a_failure_that_oha_saw_leaves_no_figure(
    statuses: dict[str, int], errors: dict[str, int]
) -> None:
    with pytest.raises(BenchmarkError, match=r"GET url"):
        read_oha(oha(statuses, errors), "GET url")


def test_imports_are_counted_by_package() -> None:
    told = """
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   json.decoder
import time:       200 |        300 | json
import time:      1000 |       1300 | sqlalchemy.orm
INFO: started
"""
    found = read_imports(told)
    assert found["dearest_imports"] == pytest.approx({"sqlalchemy": 0.001, "json": 0.0003})
    assert found["packages"] == ["sqlalchemy"]


spreads = st.lists(positive, min_size=3, max_size=3).map(spread)


@unhurried
@given(st.lists(spreads, min_size=1, max_size=12))
def test_a_chart_keeps_within_its_width(bars: list[Spread]) -> None:
    rows = [Row(f"<{number}>", (bar, bar)) for number, bar in enumerate(bars)]
    svg = ET.fromstring(draw("Title & more", "Subtitle", ["GET", "POST"], rows))  # noqa: S314  ours
    found = [*svg.iter("{http://www.w3.org/2000/svg}rect")]
    assert len(found) == 1 + 2 + 4 * len(bars)
    for rectangle in found:
        assert float(rectangle.get("x", 0)) + float(rectangle.get("width", 0)) <= WIDTH
