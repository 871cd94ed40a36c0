"""The interpreters of this machine."""

from __future__ import annotations

import functools
import os
import subprocess
from pathlib import Path

import pytest

from support.projects import find_uv


@functools.cache
def find_python(version: str) -> str | None:
    """Return the path of an interpreter, if there is one."""
    command = [find_uv(), "python", "find", "--no-project", "--no-python-downloads", version]
    done = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
    if done.returncode == 0:
        return done.stdout.strip()
    # What pyenv has on PATH works for one version at a time.
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return next((str(path) for path in sorted(pyenv.glob(f"{version}.*/bin/python"))), None)


def python_or_skip(version: str) -> str:
    """Return the path of an interpreter; skip the test, with the reason, if there is none."""
    found = find_python(version)
    if not found:
        pytest.skip(f"Python {version} is neither on PATH nor in uv's or pyenv's folders.")
    return found
