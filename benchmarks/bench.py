"""What every part of the benchmark is given."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.contestants import Workshop
from benchmarks.cores import Cores
from benchmarks.generator import Generator
from benchmarks.measuring import Plan
from benchmarks.peer_files import Inn, Peer


@dataclass(frozen=True)
class Bench:
    """The tools and the plan."""

    directory: Path
    """For files that nobody wants afterwards."""
    workshop: Workshop
    inn: Inn
    generator: Generator
    plan: Plan
    cores: Cores
    pairs: list[tuple[str, str]]
    """The drivers and frameworks to measure."""
    peers: list[Peer]
    rows: int
    """That the export streams."""
    advance: Callable[[str], object]
    """Is told what is done next."""
    notes: list[str] = field(default_factory=list)
    """Sentences for the report: what was left out, and why."""

    def log(self, name: str) -> Path:
        """Return a new file for what a server prints."""
        number = len(list(self.directory.glob("*.log")))
        return self.directory / f"{number}-{re.sub(r'[^0-9A-Za-z-]+', '-', name)}.log"
