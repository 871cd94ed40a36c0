"""Clients that call a service again and again, and remember every answer."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2

from support.background import background
from support.http.contract import COMPANIES

PATIENCE = 60
"""Seconds after which an answer will not come."""


@dataclass(frozen=True)
class Answer:
    """What became of a request; times are those of time.monotonic()."""

    method: str
    name: str
    """Of the company that was to be added, if any."""
    status: int
    """0 if there was no answer but a connection that broke."""
    sent: float
    received: float
    retry_after: str | None


@dataclass
class Load:
    """What was asked, and answered so far."""

    answers: list[Answer] = field(default_factory=list)

    def statuses(self, *, after: float = 0) -> Counter[int]:
        """Return how often each status was answered to what was sent after a moment."""
        return Counter(answer.status for answer in self.answers if answer.sent >= after)

    def added(self, *, after: float = 0) -> int:
        """Return how many companies were added of those asked for after a moment."""
        return self.statuses(after=after)[201]

    def resumed(self, moment: float) -> float:
        """Return the seconds until a company was added that was asked for after a moment."""
        added = (it.received for it in self.answers if it.status == 201 and it.sent >= moment)
        return min(added) - moment

    def assert_only_unavailable(self) -> None:
        """Check that what did not succeed was a 503 that says when to ask again."""
        assert self.statuses().keys() <= {200, 201, 503}, self.statuses()
        assert all(it.retry_after for it in self.answers if it.status == 503)

    def acknowledged(self) -> set[str]:
        """Return the names of the companies that the service said it has added."""
        return {answer.name for answer in self.answers if answer.status == 201}

    def slowest(self, *, after: float = 0) -> float:
        """Return the seconds that the slowest answer took."""
        return max(it.received - it.sent for it in self.answers if it.sent >= after)

    def last(self, status: int) -> float:
        """Return when the last request with this answer was sent, or 0."""
        return max((it.sent for it in self.answers if it.status == status), default=0)


@contextmanager
def load(url: str, *, clients: int = 8) -> Iterator[Load]:
    """Let clients add companies and read for the length of the block, each one after another."""
    done = Load()
    with background(lambda stop: asyncio.run(_clients(url, clients, done, stop))):
        yield done


async def _clients(url: str, clients: int, done: Load, stop: threading.Event) -> None:
    numbers = itertools.count()
    limits = httpx2.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with (
        httpx2.AsyncClient(base_url=url, limits=limits, timeout=PATIENCE) as client,
        asyncio.TaskGroup() as tasks,
    ):
        for _ in range(clients):
            tasks.create_task(_client(client, numbers, done, stop))


async def _client(
    client: httpx2.AsyncClient, numbers: Iterator[int], done: Load, stop: threading.Event
) -> None:
    while not stop.is_set():
        name = f"Load {next(numbers)}"
        response = await _send(client, done, "POST", COMPANIES, name)
        if response is not None and response.status_code == 201:
            await _send(client, done, "GET", response.headers["Location"])
        await _send(client, done, "GET", f"{COMPANIES}?limit=5")


async def _send(
    client: httpx2.AsyncClient, done: Load, method: str, path: str, name: str = ""
) -> httpx2.Response | None:
    body = {"name": name, "industry": "Load"} if name else None
    sent = time.monotonic()
    try:
        response = await client.request(method, path, json=body)
    except httpx2.TransportError:
        response = None
    status = 0 if response is None else response.status_code
    retry_after = response.headers.get("Retry-After") if response is not None else None
    done.answers.append(Answer(method, name, status, sent, time.monotonic(), retry_after))
    return response
