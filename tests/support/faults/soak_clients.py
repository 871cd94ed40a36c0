"""Clients that do all that can be done with companies, and check each answer."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from support.background import background
from support.faults.truth import NOTHING, Truth
from support.http.contract import COMPANIES

CLIENTS = 5
PAUSES = (0.02, 0.1)
"""Seconds between two requests of a client, at least and at most."""
PATIENCE = 60
"""Seconds after which an answer will not come."""
EXPORTED = 0.03
"""The part of the companies after which everything is exported."""
DELETED = 0.8
"""The part of the companies that are not to stay."""

numbers = itertools.count()
"""For names that nobody else has."""


@contextmanager
def clients(url: str, truth: Truth) -> Iterator[None]:
    """Let clients work for the length of the block; then they hang up."""
    with background(lambda stop: asyncio.run(_run(url, truth, stop))):
        yield


async def _run(url: str, truth: Truth, stop: threading.Event) -> None:
    # Less than the service waits before it hangs up: so no request meets that.
    limits = httpx2.Limits(keepalive_expiry=2)
    async with (
        httpx2.AsyncClient(base_url=url, limits=limits, timeout=PATIENCE) as http,
        asyncio.TaskGroup() as tasks,
    ):
        for _ in range(CLIENTS):
            tasks.create_task(_Client(http, truth).work(stop))


class _Client:
    def __init__(self, http: httpx2.AsyncClient, truth: Truth) -> None:
        self._http = http
        self._truth = truth
        self._random = random.Random(next(numbers))  # noqa: S311  no secret

    async def work(self, stop: threading.Event) -> None:
        """Add companies, and do with each all that can be done, until it is time to stop."""
        while True:
            for step in (self._one_company, self._what_is_refused, self._pages, self._now_and_then):
                if stop.is_set():
                    return
                await step()

    async def _one_company(self) -> None:
        name = f"Soak {next(numbers)}"
        company = {"name": name, "industry": "First"}
        self._truth.set(name, NOTHING, "First")
        status, added = await self._send("POST", COMPANIES, company, 201)
        if status != 201:
            # Who does not know whether it is there asks again: now it is, or was before.
            if (await self._send("POST", COMPANIES, company, 201, 409))[0] != 503:
                self._truth.set(name, "First")
            return
        self._truth.set(name, "First")
        self._truth.read(name, added)
        where = f"{COMPANIES}/{added['id']}"
        await self._read(name, where)
        await self._send("POST", COMPANIES, company | {"industry": "Second"}, 409)
        await self._change(name, where)
        await self._read(name, where)
        if self._random.random() < DELETED:
            await self._delete(name, where)
            await self._read(name, where)

    async def _change(self, name: str, where: str) -> None:
        self._truth.allow(name, "Third")
        status, changed = await self._send("PATCH", where, {"industry": "Third"}, 200)
        if status == 200:
            self._truth.set(name, "Third")
            self._truth.read(name, changed)

    async def _delete(self, name: str, where: str) -> None:
        self._truth.allow(name, NOTHING)
        if (await self._send("DELETE", where, None, 204))[0] == 204:
            self._truth.set(name, NOTHING)

    async def _read(self, name: str, where: str) -> None:
        status, company = await self._send("GET", where, None, 200, 404)
        if status != 503:
            self._truth.read(name, company if status == 200 else None)

    async def _what_is_refused(self) -> None:
        name = f"Refused {next(numbers)}"
        self._truth.set(name, NOTHING)
        for industry, status in (("", 422), ("refuse 40001", 503), ("refuse 23505", 409)):
            # The last two are refused by the COMMIT.
            await self._send("POST", COMPANIES, {"name": name, "industry": industry}, status)
        await self._send("GET", "/health", None, 200)

    async def _pages(self) -> None:
        after, last = "", 0
        for _ in range(2):
            status, page = await self._send("GET", f"{COMPANIES}?limit=20&after={after}", None, 200)
            if status != 200:
                return
            ids = [last, *(company["id"] for company in page["items"])]
            if ids != sorted({*ids}):
                self._truth.wrong.append(f"A page after {last}: {page}")
            after, last = page["next"] or "", ids[-1]
            if not after:
                return

    async def _now_and_then(self) -> None:
        if self._random.random() < EXPORTED:
            await self._export()

    async def _export(self) -> None:
        before, response = self._truth.certain(), None
        try:
            async with self._http.stream("GET", f"{COMPANIES}/export") as response:
                text = await response.aread()
        except httpx2.TransportError:
            if response is not None and response.status_code == 200:
                # In the middle of a stream nothing else can tell that it is not complete.
                self._truth.cut += 1
                return
            response = None
        if self._truth.answered(response, "export", 200) != 200:
            return
        self._truth.exported([json.loads(line) for line in text.splitlines()], before)

    async def _send(self, method: str, path: str, body: object, *allowed: int) -> tuple[int, Any]:
        """Return the status, and what the body says if there is one and it is no error."""
        await asyncio.sleep(self._random.uniform(*PAUSES))
        try:
            response = await self._http.request(method, path, json=body)
        except httpx2.TransportError:
            response = None
        status = self._truth.answered(response, f"{method} {path} {body}", *allowed)
        return status, response.json() if response is not None and status in {200, 201} else None
