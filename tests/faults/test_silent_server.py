"""The server says nothing any more, and no request or probe waits longer than it should."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
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
    fill,
    health_watched,
    silence_between_two_requests,
    silence_in_a_statement,
    silence_while_the_pool_is_idle,
    statuses,
)
from support.faults.stage import Stage
from support.projects import Service

pytestmark = pytest.mark.faults


@pytest.fixture
def service(stage: Stage) -> Iterator[Service]:
    """Yield a service with short limits; it was alive all the time, and its log is quiet."""
    with stage.service(**SETTINGS) as service:
        with health_watched(service.url):
            yield service
        assert_quiet(service.stop())


def test_an_idle_pool_and_a_frozen_server(stage: Stage, service: Service, figures: Figures) -> None:
    silence_while_the_pool_is_idle(service.url, stage.postgres.frozen(), figures)


def test_a_server_that_freezes_between_two_requests(
    stage: Stage, service: Service, figures: Figures
) -> None:
    silence_between_two_requests(service.url, stage.postgres.frozen(), figures)


def test_a_server_that_freezes_in_a_statement(
    stage: Stage, service: Service, figures: Figures
) -> None:
    postgres = stage.postgres
    silence_in_a_statement(service.url, postgres.database_url, postgres.frozen(), figures)


def test_a_new_connection_to_a_frozen_server(
    stage: Stage, service: Service, figures: Figures
) -> None:
    with stage.postgres.frozen():
        slowest = assert_unavailable(ask_at_once(service.url, POOL), within=CONNECT)
        ready = ask(service.url, "/ready")
    after = [ask(service.url), ask(service.url, "/ready")]
    assert_unavailable([ready], within=READY)
    figures(f"503 after {slowest:.1f} s")
    assert statuses(after) == {200: len(after)}


def test_a_server_that_is_not_there(stage: Stage, service: Service, figures: Figures) -> None:
    fill(service.url)
    stage.postgres.stop()
    answers = ask_at_once(service.url, 3 * POOL)
    ready = ask(service.url, "/ready")
    stage.postgres.start()
    after = [ask(service.url), *ask_at_once(service.url, 2 * POOL), ask(service.url, "/ready")]
    slowest = assert_unavailable(answers, within=CONNECT)
    assert_unavailable([ready], within=READY)
    figures(f"503 after {slowest:.2f} s at most while the port is closed")
    assert statuses(after) == {200: len(after)}
