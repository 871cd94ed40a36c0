"""The bytecode of the packages of projects, which is made once, and not in each environment."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from support.bake import TEMPLATE

CACHE = TEMPLATE / ".tools" / "uv-cache"
"""uv's cache for projects: what it unpacks there, it links into each environment."""
CLAIMS = CACHE / "compiled"


def compile_packages() -> None:
    """Compile what uv has unpacked since, so that the next environments have its bytecode, too.

    Otherwise the first command in each of them compiles what it imports, for a second or two.
    """
    CLAIMS.mkdir(parents=True, exist_ok=True)
    if packages := [path for path in CACHE.glob("archive-v*/*") if _is_mine(path)]:
        with TemporaryDirectory(dir=CACHE) as directory:
            # A file that gets its time anew, because it is copied, keeps its bytecode.
            mode = ("--invalidation-mode", "unchecked-hash")
            subprocess.run(
                [sys.executable, "-m", "compileall", "-qq", *mode, *packages],
                env={**os.environ, "PYTHONPYCACHEPREFIX": directory},
                check=False,  # some packages bring files that are for another Python
            )
            for package in packages:
                _add(Path(directory, package.relative_to(package.anchor)), package)


def _is_mine(package: Path) -> bool:
    """Return whether no other process compiles it, or has."""
    try:
        (CLAIMS / package.name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _add(compiled: Path, package: Path) -> None:
    """Put the bytecode into the package, each directory at once: uv may be reading it."""
    for folder in [compiled, *(path for path in compiled.rglob("*") if path.is_dir())]:
        if files := [*folder.glob("*.pyc")]:
            whole = folder / "__pycache__"
            whole.mkdir()
            for file in files:
                file.rename(whole / file.name)
            with suppress(OSError):
                whole.rename(package / folder.relative_to(compiled) / "__pycache__")
