"""Temporary files of what the tests start, in memory where there is enough of it."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

import psutil

MEMORY = Path("/dev/shm")  # noqa: S108  what is in it gets a random name
ENOUGH = 8 << 30
"""Bytes that must be free; the default selection takes a quarter of them."""
PREFIX = "template-tests-"


def keep_in_memory() -> None:
    """Let all processes put their temporary files into a directory in memory, until this one ends.

    For ext4 looks at each inode that was freed in the last minutes before it gives one out
    (`recently_deleted` in Linux' fs/ext4/ialloc.c), and cruft's and git's clones and PostgreSQL's
    databases are many files for a moment: a fifth of all processor time. pytest's own directories
    stay where they are: uv links packages into environments, which it can't from disk to memory.
    """
    if sys.platform != "linux" or "TMPDIR" in os.environ or not _has_room():
        return
    for path in MEMORY.glob(f"{PREFIX}*"):
        # Of a run that was killed.
        if not psutil.pid_exists(int(path.name.split("-")[2])):
            shutil.rmtree(path, ignore_errors=True)
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    directory = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=MEMORY)
    # As open as /tmp is: root's servers run as somebody else.
    Path(directory).chmod(0o1777)
    os.environ["TMPDIR"] = tempfile.tempdir = directory
    atexit.register(shutil.rmtree, directory, ignore_errors=True)


def _has_room() -> bool:
    """Return whether there is memory for files, also for programs."""
    return (
        MEMORY.is_dir()
        and os.access(MEMORY, os.W_OK)
        and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
        and min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available) >= ENOUGH
    )
