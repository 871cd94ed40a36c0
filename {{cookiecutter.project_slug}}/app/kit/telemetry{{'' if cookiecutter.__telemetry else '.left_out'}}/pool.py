"""Metrics of connection pools, by OpenTelemetry's conventions for database clients."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from time import perf_counter
from typing import Any
from weakref import WeakKeyDictionary

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.pool import ReclaimingPool

NAME = "db.client.connection.pool.name"
STATE = "db.client.connection.state"
BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

_pools: WeakKeyDictionary[ReclaimingPool, str] = WeakKeyDictionary()
_meter = metrics.get_meter(__name__)
_timeouts = _meter.create_counter(
    "db.client.connection.timeouts",
    unit="{timeout}",
    description="How often no connection was to be had in time (DB_POOL_TIMEOUT).",
)
_wait_time = _meter.create_histogram(
    "db.client.connection.wait_time",
    unit="s",
    description="The time it took to get an open connection from the pool.",
    explicit_bucket_boundaries_advisory=BUCKETS,
)


def measure_pool(engine: AsyncEngine) -> None:
    """Measure the pool of `engine`, for as long as it exists."""
    pool, url = engine.sync_engine.pool, engine.url
    if isinstance(pool, ReclaimingPool):
        where = f"{url.host}:{url.port or ''}/" if url.host else ""
        _pools[pool] = name = f"{where}{url.database}"
        pool.taking = partial(_take, {NAME: name})


@contextmanager
def _take(attributes: dict[str, str]) -> Iterator[None]:
    started = perf_counter()
    try:
        yield
    except PoolTimeoutError:
        _timeouts.add(1, attributes)
        raise
    _wait_time.record(perf_counter() - started, attributes)


# On the thread that exports: these only look.
def _count(_options: CallbackOptions) -> Iterable[Observation]:
    for pool, name in list(_pools.items()):
        yield Observation(pool.checkedout(), {NAME: name, STATE: "used"})
        yield Observation(pool.checkedin(), {NAME: name, STATE: "idle"})


def _max(_options: CallbackOptions) -> Iterable[Observation]:
    for pool, name in list(_pools.items()):
        yield Observation(pool.most(), {NAME: name})


def _pending(_options: CallbackOptions) -> Iterable[Observation]:
    for pool, name in list(_pools.items()):
        yield Observation(pool.waiting, {NAME: name})


_observed: list[tuple[str, Any, str, str]] = [
    ("count", _count, "{connection}", "Connections, by their state."),
    ("max", _max, "{connection}", "The most connections that the pool may open."),
    ("pending_requests", _pending, "{request}", "Those who wait for a connection now."),
]
for _name, _callback, _unit, _description in _observed:
    _meter.create_observable_up_down_counter(
        f"db.client.connection.{_name}", [_callback], _unit, _description
    )
