"""Code bases that a URL names, copied to this machine for as long as they are looked at."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

URL = re.compile(r"(?:https?|ssh|git|file)://\S+|[\w.-]+@[\w.-]+:\S+")
PASSWORD = re.compile(r"//[^/@\s]+@")
CLONE = ("clone", "--quiet", "--depth=1", "--single-branch", "--no-tags", "--no-recurse-submodules")
# A link in a repository may lead to any file of this machine.
SETTINGS = ("-c", "core.symlinks=false", "-c", "core.longpaths=true")


class CloneError(Exception):
    """A code base can't be had; the message is one sentence."""


@contextmanager
def cloned(url: str) -> Iterator[Path]:
    """Yield a folder with the newest commit of the repository at `url`; delete it in the end.

    Nothing of it is run: git has no hooks of a repository that it clones. Raises CloneError.
    """
    git = shutil.which("git")
    if not git:
        raise CloneError(f"{url}: git is not on PATH, and it is what copies a repository")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        # The name of the repository, so that what is printed shows it.
        name = re.split(r"[/:]", url.rstrip("/"))[-1].removesuffix(".git")
        safe_name = re.sub(r"[^\w-]", "_", name) or "repository"
        folder = Path(scratch).resolve() / safe_name
        done = subprocess.run(
            [git, *SETTINGS, *CLONE, "--", url, str(folder)],
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["git failed"])[-1]
            raise CloneError(PASSWORD.sub("//", f"{url}: {said.removeprefix('fatal: ')}"))
        yield folder
