"""The server restarts, or loses a backend, while many use the service."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.databases.observer import APPLICATION, wait_until
from support.faults.load import Load, load
from support.faults.stage import Stage, open_stage
from support.projects import Project

pytestmark = pytest.mark.faults

Figures = Callable[[str], None]

RECOVERY = 1
"""Seconds after the server's return in which requests may still fail."""
READY = "database system is ready to accept connections"


@pytest.fixture
def stage(project: Project, tmp_path: Path) -> Iterator[Stage]:
    """Yield a stage whose PostgreSQL keeps in a crash what it has committed."""
    with open_stage(project, tmp_path, synchronous_commit="on") as stage:
        yield stage


def fail_under_load(stage: Stage, fail: Callable[[], None]) -> tuple[Load, float, float]:
    """Let the server fail; return what was answered, when it failed, and when it was back.

    It is back once its log says that it accepts connections.
    """
    log = stage.postgres.home / "server.log"

    def starts() -> int:
        return log.read_text(encoding="utf-8").count(READY)

    with stage.service() as service, load(service.url) as done:
        wait_until(lambda: done.statuses()[201] > 50)
        before, failed = starts(), time.monotonic()
        fail()
        wait_until(lambda: starts() > before)
        back = time.monotonic()
        wait_until(lambda: done.statuses(after=back + RECOVERY)[201] > 50)
    return done, failed, back


def judge(done: Load, failed: float, back: float) -> str:
    """Expect that nobody learned more than a 503, and return what was measured."""
    assert {200, 201} <= {*done.statuses()} <= {200, 201, 503}, done.statuses()
    assert all(answer.retry_after for answer in done.answers if answer.status == 503)
    assert {*done.statuses(after=back + RECOVERY)} == {200, 201}
    late = done.last(503) - back
    return (
        f"away for {back - failed:.2f} s, {done.statuses()[503]} of {len(done.answers)} requests"
        f" got 503, the last of them sent {late:+.2f} s from the server's return"
    )


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_under_load(stage: Stage, mode: str, figures: Figures) -> None:
    def restart() -> None:
        stage.postgres.stop(mode)
        stage.postgres.start()

    figures(judge(*fail_under_load(stage, restart)))


def test_a_backend_that_is_killed_under_load(stage: Stage, figures: Figures) -> None:
    """PostgreSQL ends all other backends too, and recovers."""

    def kill() -> None:
        ours = "SELECT pid FROM pg_stat_activity WHERE application_name = $1 LIMIT 1"
        with stage.observing() as observer:
            pid = observer.value(ours, APPLICATION)
        stage.postgres.kill(pid)

    figures(judge(*fail_under_load(stage, kill)))
