"""What goes wrong during the soak: every few seconds something else."""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2

from support.databases.observer import APPLICATION, Observer, wait_until
from support.faults.soak_clients import PATIENCE, numbers
from support.faults.stage import Stage, observing_soon
from support.faults.truth import NOTHING, Truth
from support.http.contract import COMPANIES
from support.http.raw_http import LAST_CHUNK, close, connected, request, reset, rest_of, status_of

FREEZE = 1.0
"""Seconds."""
INDUSTRY = "Faults"
A_BACKEND = "SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY random() LIMIT 1"
END_COMMITTING = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'advisory'"
)


class Faults:
    """Does one thing after another to a service and its database."""

    def __init__(
        self, stage: Stage, url: str, truth: Truth, *, capacity: int, pool_timeout: float
    ) -> None:
        """Do it to the service at `url`, which has `capacity` connections, and this timeout."""
        self._stage = stage
        self._url = url
        self._truth = truth
        self._capacity = capacity
        self._pool_timeout = pool_timeout
        self._random = random.Random(4711)  # noqa: S311  no secret
        self._kinds = itertools.cycle(self._all())
        self.done: Counter[str] = Counter()

    def next(self) -> None:
        """Do the next one, and return when the database can be reached again."""
        kind, act = next(self._kinds)
        act()
        self.done[kind] += 1
        with observing_soon(self._stage):
            pass

    def _all(self) -> list[tuple[str, Callable[[], object]]]:
        return [
            ("pool exhausted", self._exhaust_the_pool),
            ("hung up in a stream", self._hang_up_in_a_stream),
            ("restart", lambda: self._restart("fast")),
            ("hung up in a request", self._hang_up_in_a_request),
            ("backend ended", self._end_a_backend),
            ("frozen", self._freeze),
            ("COMMIT lost", self._lose_a_commit),
            ("crash", lambda: self._restart("immediate")),
            ("backend killed", self._kill_a_backend),
        ]

    def _exhaust_the_pool(self) -> None:
        with self._stage.observing() as observer, ThreadPoolExecutor(self._capacity * 2) as threads:
            with observer.closed_gate():
                names = self._names("slow insert", self._capacity * 2)
                added = [threads.submit(self._add, name) for name in names]
                wait_until(observer.waiting)
                time.sleep(2 * self._pool_timeout)
            for request_ in added:
                request_.result()

    def _lose_a_commit(self) -> None:
        with self._stage.observing() as observer, ThreadPoolExecutor(2) as threads:
            with observer.closed_gate():
                added = [threads.submit(self._add, name) for name in self._names("slow commit", 2)]
                wait_until(lambda: observer.waiting() == 2)
                observer.execute(END_COMMITTING)
            for request_ in added:
                request_.result()

    def _end_a_backend(self) -> None:
        with self._stage.observing() as observer:
            observer.execute(f"SELECT pg_terminate_backend({self._backend(observer)})")

    def _kill_a_backend(self) -> None:
        with self._stage.observing() as observer:
            self._stage.postgres.kill(self._backend(observer))

    def _freeze(self) -> None:
        with self._stage.postgres.frozen():
            time.sleep(FREEZE)

    def _restart(self, mode: str) -> None:
        with connected(self._url) as connection:
            connection.sendall(request("GET", f"{COMPANIES}/export"))
            streams = status_of(connection) == 200
            self._stage.postgres.stop(mode)
            self._stage.postgres.start()
            if streams and rest_of(connection).endswith(LAST_CHUNK):
                self._truth.wrong.append("An export without its end looks complete")

    def _hang_up_in_a_request(self) -> None:
        for hang_up in (close, reset):
            [half, whole] = self._names("Hung up", 2)
            self._truth.set(half, NOTHING)
            for name, missing in ((half, 10), (whole, 0)):
                sent = request("POST", COMPANIES, _company(name))
                with connected(self._url) as connection:
                    connection.sendall(sent[: len(sent) - missing])
                    time.sleep(self._random.uniform(0, 0.01))
                    hang_up(connection)

    def _hang_up_in_a_stream(self) -> None:
        for hang_up in (close, reset) * 2:
            with connected(self._url) as connection:
                connection.sendall(request("GET", f"{COMPANIES}/export"))
                if status_of(connection) not in {200, 503}:
                    self._truth.wrong.append("An export is neither 200 nor 503")
                hang_up(connection)

    def _add(self, name: str) -> None:
        response = httpx2.post(self._url + COMPANIES, json=_company(name), timeout=PATIENCE)
        if self._truth.answered(response, f"POST {name}", 201) == 201:
            self._truth.set(name, INDUSTRY)

    def _names(self, kind: str, number: int) -> list[str]:
        names = [f"{kind} {next(numbers)}" for _ in range(number)]
        for name in names:
            self._truth.set(name, NOTHING, INDUSTRY)
        return names

    def _backend(self, observer: Observer) -> int:
        wait_until(observer.sessions)
        return int(observer.value(A_BACKEND, APPLICATION))


def _company(name: str) -> dict[str, str]:
    return {"name": name, "industry": INDUSTRY}
