"""How long a request may take when the database says nothing, by the service's settings."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import httpx2

from support.background import background
from support.databases.observer import APPLICATION, obstructing, wait_until
from support.http.contract import COMPANIES

POOL = 3
POOL_TIMEOUT, PING, CONNECT, STATEMENT, READY = 3, 2, 3, 1, 1
SETTINGS = {
    "DB_APPLICATION_NAME": APPLICATION,
    "DB_CONNECT_TIMEOUT": str(CONNECT),
    "DB_PING_TIMEOUT": str(PING),
    "DB_POOL_SIZE": str(POOL),
    "DB_POOL_TIMEOUT": str(POOL_TIMEOUT),
    "DB_PREWARM": "0",
    "DB_READY_TIMEOUT": str(READY),
    "DB_STATEMENT_TIMEOUT": str(STATEMENT),
}
IN_STATEMENT = STATEMENT + 5 + PING
"""What .env.example says of a server that falls silent during a statement."""
SCHEDULING = 1
"""Seconds that a busy machine may take to run all that has to be run."""

Figures = Callable[[str], None]
Silent = AbstractContextManager[None]
"""Makes the server silent for the length of the block."""

_client = httpx2.Client(timeout=120, limits=httpx2.Limits(max_keepalive_connections=0))


@dataclass(frozen=True)
class Timed:
    """An answer, and the seconds that it took."""

    status: int
    seconds: float
    retry_after: str | None


def ask(url: str, path: str = COMPANIES, body: object = None) -> Timed:
    """Ask on a connection of its own; the status is 0 if that breaks."""
    begun = time.monotonic()
    try:
        response = _client.request("POST" if body else "GET", url + path, json=body)
    except httpx2.TransportError:
        return Timed(0, time.monotonic() - begun, None)
    return Timed(
        response.status_code, time.monotonic() - begun, response.headers.get("Retry-After")
    )


def ask_at_once(url: str, clients: int) -> list[Timed]:
    """Let so many clients read at the same time."""
    with ThreadPoolExecutor(clients) as threads:
        return list(threads.map(lambda _: ask(url), range(clients)))


def fill(url: str) -> None:
    """Open all connections of the pool."""
    wait_until(lambda: statuses(ask_at_once(url, 2 * POOL)) == {200: 2 * POOL})


def statuses(answers: list[Timed]) -> Counter[int]:
    """Return how often each status was answered."""
    return Counter(answer.status for answer in answers)


def assert_unavailable(answers: list[Timed], *, within: float) -> float:
    """Expect 503 and when to ask again, in so many seconds; return what the slowest took."""
    assert statuses(answers) == {503: len(answers)}
    assert all(answer.retry_after for answer in answers)
    slowest = max(answer.seconds for answer in answers)
    assert slowest <= within + SCHEDULING, f"{slowest:.1f} s, not {within} s"
    return slowest


def assert_quiet(log: str) -> None:
    """Expect that the service has nothing to explain in its log."""
    assert not re.search(r"Traceback|never retrieved|Warning|ERROR|CRITICAL", log), log


@contextmanager
def health_watched(url: str) -> Iterator[None]:
    """Expect that /health answers all the time, sooner than anything that asks the database."""
    answers: list[Timed] = []

    def watch(stop: threading.Event) -> None:
        while not stop.wait(0.1):
            answers.append(ask(url, "/health"))

    with background(watch):
        yield
    assert statuses(answers) == {200: len(answers)}
    assert max(answer.seconds for answer in answers) < PING


def silence_while_the_pool_is_idle(url: str, silent: Silent, figures: Figures) -> None:
    """Expect 503 from all that ask in the silence, each in its time, and 200 after it."""
    fill(url)
    time.sleep(1.5)  # so that each connection is asked first whether the server answers
    with silent:
        first = ask(url)
        answers = ask_at_once(url, 3 * POOL)
        ready = ask(url, "/ready")
    after = [ask(url), *ask_at_once(url, 2 * POOL), ask(url, "/ready")]
    alone = assert_unavailable([first], within=PING + CONNECT)
    slowest = assert_unavailable(answers, within=POOL_TIMEOUT + PING + CONNECT)
    assert_unavailable([ready], within=READY)
    figures(f"503 after {alone:.1f} s, and after {slowest:.1f} s at most when many ask")
    assert statuses(after) == {200: len(after)}


def silence_between_two_requests(url: str, silent: Silent, figures: Figures) -> None:
    """Expect the same where a silent server costs most: its connections pass for alive."""
    fill(url)
    with silent:
        # A connection that rested for less than a second is not asked before it is used.
        slowest = assert_unavailable(ask_at_once(url, POOL), within=IN_STATEMENT)
    after = ask_at_once(url, 2 * POOL)
    figures(f"503 after {slowest:.1f} s")
    assert statuses(after) == {200: len(after)}


def silence_in_a_statement(url: str, database_url: str, silent: Silent, figures: Figures) -> None:
    """Expect that all whose statement is on its way get 503, and that none of it was done."""
    bodies = [{"name": f"slow insert {number}", "industry": "Gates"} for number in range(POOL)]
    with (
        obstructing(database_url) as observer,
        ThreadPoolExecutor(POOL) as threads,
        observer.closed_gate(),
    ):
        asked = [threads.submit(ask, url, COMPANIES, body) for body in bodies]
        wait_until(lambda: observer.waiting() == POOL)
        with silent:
            slowest = assert_unavailable([it.result() for it in asked], within=IN_STATEMENT)
        after = ask_at_once(url, 2 * POOL)
        wait_until(lambda: not observer.waiting())
        assert observer.count() == 0
    figures(f"503 after {slowest:.1f} s")
    assert statuses(after) == {200: len(after)}
