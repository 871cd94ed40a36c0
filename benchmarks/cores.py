"""Which cores a process may use, where the system lets us choose (Linux, Windows)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Cores:
    """The cores of the servers, and those of everything else; the same if we can't choose."""

    servers: tuple[int, ...]
    others: tuple[int, ...]

    @property
    def pinned(self) -> bool:
        """Whether servers have a core of their own."""
        return self.servers != self.others

    def describe(self) -> str:
        """Return a sentence for the report."""
        if not self.pinned:
            return "Nothing is pinned: this system can't, or has only one core for us."
        others = ", ".join(map(str, self.others))
        return (
            f"Servers run on core {self.servers[0]}; PostgreSQL and the load generator on {others}."
        )


def find_cores() -> Cores:
    """Return a core for the servers and the others, of those that we may use."""
    try:
        usable = psutil.Process().cpu_affinity()
    except AttributeError:  # macOS
        usable = []
    if len(usable) < 2:
        return Cores(tuple(usable), tuple(usable))
    return Cores((usable[0],), tuple(usable[1:]))


@contextmanager
def on(cores: tuple[int, ...]) -> Iterator[None]:
    """Let what is started in the block run on these cores only; on any, if there are none."""
    if not cores:
        yield
        return
    us = psutil.Process()
    before = us.cpu_affinity()
    us.cpu_affinity(list(cores))
    try:
        yield
    finally:
        us.cpu_affinity(before)
