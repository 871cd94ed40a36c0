"""What must be in the database, and what may be, from what clients were told."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx2

NOTHING = None
"""Instead of an industry: there is no such company."""


@dataclass
class Truth:
    """The industries that each company may have; one client at a time asks about a company."""

    possible: dict[str, set[str | None]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    cut: int = 0
    """Exports that broke off so that the client noticed."""
    wrong: list[str] = field(default_factory=list)
    """Answers that must not be."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, response: httpx2.Response | None, what: str, *allowed: int) -> int:
        """Note an answer, None if there was none, and return its status.

        Only `allowed` ones are right, and a 503 that says when to ask again: a service may lose
        its database, but never its wits.
        """
        status = 0 if response is None else response.status_code
        with self._lock:
            self.statuses[status] += 1
        tells_when = response is not None and "Retry-After" in response.headers
        if status not in allowed and not (status == 503 and tells_when):
            self.wrong.append(f"{what}: {status} {'' if response is None else response.text}")
        return status

    def set(self, name: str, *industries: str | None) -> None:
        """Note what is possible now."""
        self.possible[name] = {*industries}

    def allow(self, name: str, industry: str | None) -> None:
        """Note what is possible too: nobody told us whether it was done."""
        self.possible[name] = self.possible.get(name, {NOTHING}) | {industry}

    def read(self, name: str, company: dict[str, Any] | None) -> None:
        """Compare a company with what is possible; None is one that is not there."""
        seen = None if company is None else (company["name"], company["industry"])
        if seen not in self._allowed(name):
            self.wrong.append(f"{name} is {seen}, not one of {self._allowed(name)}")

    def exported(self, companies: list[dict[str, Any]], before: dict[str, str]) -> None:
        """Compare an export with what was certain when it began, and still is."""
        there = {company["name"]: company["industry"] for company in companies}
        missing = {
            name
            for name, industry in before.items()
            if self.possible[name] == {industry} and there.get(name) != industry
        }
        ids = [company["id"] for company in companies]
        if ids != sorted({*ids}) or missing:
            self.wrong.append(f"An export of {len(ids)} companies lacks {missing}")

    def certain(self) -> dict[str, str]:
        """Return the companies that must be there, with their industries."""
        return {
            name: industry
            for name, industries in self.possible.copy().items()
            if len(industries) == 1
            for industry in industries
            if industry is not NOTHING
        }

    def lost(self, there: dict[str, str]) -> list[str]:
        """Return what was acknowledged and is not in the database, or is not as it was said."""
        return [name for name, industry in self.certain().items() if there.get(name) != industry]

    def phantoms(self, there: dict[str, str]) -> list[str]:
        """Return what is in the database though nobody asked for it, or was told that it isn't."""
        return [
            name
            for name, industry in there.items()
            if industry not in self.possible.get(name, {NOTHING})
        ]

    def _allowed(self, name: str) -> list[tuple[str, str] | None]:
        return [
            None if industry is NOTHING else (name, industry) for industry in self.possible[name]
        ]
