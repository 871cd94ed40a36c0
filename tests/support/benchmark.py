"""The benchmark's command, as a process."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.generator import MISSING
from support.bake import TEMPLATE
from support.projects import environment

NEEDS_LOAD = pytest.mark.skipif(not (shutil.which("wrk") or shutil.which("oha")), reason=MISSING)


def bench(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `try.py bench`, to the end."""
    return subprocess.run(
        [sys.executable, TEMPLATE / "try.py", "bench", *arguments],
        env=environment(**env),
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=300,
    )
