"""The pool is filled at start: its connections stay, and none is left if that fails."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from support.databases.observer import APPLICATION, Observer, obstructing, wait_until
from support.faults.stage import Stage
from support.http.contract import COMPANIES
from support.places import PROBES
from support.projects import environment

pytestmark = pytest.mark.faults

SCRIPT = PROBES / "prewarm.py"
POOL = 8
MOMENTS, TIMES = 20, 10
PIDS = (
    "SELECT coalesce(string_agg(pid::text, ' ' ORDER BY pid), '') FROM pg_stat_activity"
    " WHERE application_name = $1"
)


def open_warm(stage: Stage, url: str, observer: Observer, *moments: object) -> list[list[str]]:
    """Open an engine at these moments; return how each ended, if no connection was left."""
    command: list[str | Path] = [stage.project.python, "-X", "dev", "-W", "error", SCRIPT]
    env = environment(
        DATABASE_URL=url,
        DB_APPLICATION_NAME=APPLICATION,
        DB_POOL_SIZE=str(POOL),
        PYTHONPATH=str(stage.project.path),
    )
    with subprocess.Popen(
        [*command, str(POOL), *map(str, moments)],
        cwd=stage.project.path,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout
        lines = []
        while (line := process.stdout.readline()) and not line.startswith("waiting"):
            lines.append(line.split())
        try:
            wait_until(lambda: not observer.sessions(), why=lambda: f"left: {observer.sessions()}")
        finally:
            _, said = process.communicate("\n")
    assert process.returncode == 0, said
    assert not re.search(r"Warning|never retrieved|Traceback", said), said
    return lines


def test_connections_that_were_opened_stay(stage: Stage, figures: Callable[[str], None]) -> None:
    env = {"DB_POOL_SIZE": str(POOL), "DB_PREWARM": str(POOL)}
    with stage.observing() as observer, stage.service(**env) as service:
        warm, url = observer.value(PIDS, APPLICATION), service.url + COMPANIES
        with ThreadPoolExecutor(POOL) as threads:
            answers = list(threads.map(lambda _: httpx2.get(url, timeout=60), range(10 * POOL)))
        after = observer.value(PIDS, APPLICATION)
    statuses = Counter(answer.status_code for answer in answers)
    figures(f"{len(warm.split())} connections, the same after {dict(statuses)}")
    assert len(warm.split()) == POOL
    assert after == warm
    assert statuses == {200: 10 * POOL}


def test_a_prewarm_that_is_cancelled(stage: Stage, figures: Callable[[str], None]) -> None:
    url = stage.postgres.database_url
    with stage.observing() as observer:
        *_, [end, seconds] = open_warm(stage, url, observer, "never", "never")
        assert end == "open"
        moments = [float(seconds) * n / MOMENTS for n in range(MOMENTS)]
        ends = Counter(end for end, _ in open_warm(stage, url, observer, *moments))
    figures(f"{MOMENTS} moments within {float(seconds):.3f} s: {dict(ends)}, 0 sessions left")
    # How many depends on how fast each start is; one that was not cancelled proves nothing.
    assert ends["cancelled"]


def test_a_prewarm_that_is_refused(stage: Stage, figures: Callable[[str], None]) -> None:
    parts = urlsplit(stage.postgres.database_url)
    limited = parts._replace(netloc=f"limited:secret@{parts.hostname}:{parts.port}").geturl()
    ends: Counter[tuple[int, str]] = Counter()
    with obstructing(stage.postgres.database_url) as observer:
        for limit in (0, 1, POOL - 1):
            observer.limit_logins(at_once=limit)
            ends.update(
                (limit, end) for end, _ in open_warm(stage, limited, observer, *["never"] * TIMES)
            )
    figures(f"{sum(ends.values())} times, with room for 0, 1 and {POOL - 1}: 0 sessions left")
    assert ends == {(limit, "refused"): TIMES for limit in (0, 1, POOL - 1)}
