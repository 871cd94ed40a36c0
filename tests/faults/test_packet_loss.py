"""Nothing comes through to the server or back, and no request waits longer than it should."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from support.databases.network import Line, line_to
from support.databases.observer import wait_until
from support.faults.silence import (
    CONNECT,
    POOL,
    READY,
    SETTINGS,
    Figures,
    ask,
    ask_at_once,
    assert_quiet,
    assert_unavailable,
    health_watched,
    silence_between_two_requests,
    silence_in_a_statement,
    silence_while_the_pool_is_idle,
    statuses,
)
from support.faults.stage import Stage

pytestmark = pytest.mark.faults


@dataclass(frozen=True)
class Scene:
    """A service and the line to its database."""

    url: str
    line: Line


@pytest.fixture
def scene(stage: Stage) -> Iterator[Scene]:
    """Yield them; the service was alive all the time, and has nothing to explain."""
    with line_to(stage.postgres.port) as line:
        password = urlsplit(stage.postgres.database_url).password
        host, port = line.address
        env = {
            "DATABASE_URL": f"postgresql://postgres:{password}@{host}:{port}/postgres",
            "DB_SSL_MODE": "disable",
        }
        with stage.service(**SETTINGS | env) as service:
            with health_watched(service.url):
                yield Scene(service.url, line)
            assert_quiet(service.stop())


def test_packets_are_lost_while_the_pool_is_idle(scene: Scene, figures: Figures) -> None:
    silence_while_the_pool_is_idle(scene.url, scene.line.lost(), figures)


def test_packets_are_lost_between_two_requests(scene: Scene, figures: Figures) -> None:
    silence_between_two_requests(scene.url, scene.line.lost(), figures)


def test_packets_are_lost_in_a_statement(stage: Stage, scene: Scene, figures: Figures) -> None:
    database_url = stage.postgres.database_url
    silence_in_a_statement(scene.url, database_url, scene.line.lost(), figures)


def test_a_new_connection_while_packets_are_lost(scene: Scene, figures: Figures) -> None:
    with scene.line.lost():
        slowest = assert_unavailable(ask_at_once(scene.url, POOL), within=CONNECT)
        ready = ask(scene.url, "/ready")
    back = time.monotonic()
    after = [ask(scene.url)]
    # Its query, which others share, may still be waiting for a connection.
    wait_until(lambda: statuses([ask(scene.url, "/ready")]) == {200: 1})
    right_again = time.monotonic() - back
    assert_unavailable([ready], within=READY)
    figures(f"503 after {slowest:.1f} s; /ready is right again after {right_again:.1f} s")
    assert statuses(after) == {200: len(after)}
    assert right_again < CONNECT + READY
