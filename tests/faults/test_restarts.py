"""The server restarts, or loses a backend, and no client learns more than a 503."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.faults.restarts import assert_idle_pool_survives
from support.faults.stage import Stage

pytestmark = pytest.mark.faults


def test_an_idle_pool_survives_a_restart(stage: Stage, figures: Callable[[str], None]) -> None:
    postgres = stage.postgres
    ends = (postgres.stop, postgres.stop)
    with stage.service() as service:
        assert_idle_pool_survives(service.url, figures, start=postgres.start, ends=ends)
