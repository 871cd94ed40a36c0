"""`app/event_loop.py` on each Python that is on this machine, with warnings as errors.

Those on PATH are found, those of uv and those of pyenv; for the others the tests are skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.bake import bake, choices
from support.projects import PATIENCE, environment, find_uv
from support.pythons import python_or_skip
from support.windows.simulated import SIMULATION

SCRIPT = """
from app import event_loop

import asyncio, json

async def running():
    event_loop.ensure_compatible_loop()
    return event_loop.loop_name(type(asyncio.get_running_loop()))

async def nested():
    try:
        event_loop.run(running())
    except RuntimeError as error:
        return str(error)

of_others = asyncio.new_event_loop()
of_others.close()
print(json.dumps({
    "policies": hasattr(asyncio, "set_event_loop_policy"),
    "ours": event_loop.run(running()),
    "of others": event_loop.loop_name(type(of_others)),
    "nested": event_loop.run(nested()),
}))
"""
ON_WINDOWS = {
    "selector": "asyncio.SelectorEventLoop",
    "native": "asyncio.ProactorEventLoop",
    # The simulation makes it of uvloop.
    "winloop": "sitecustomize.Loop",
}
NESTED = (
    "An event loop is already running in this thread: await the coroutine here, "
    "or run it in another thread with `await asyncio.to_thread(run, …)`."
)


@pytest.fixture(scope="module", params=choices("python_version"))
def python(request: pytest.FixtureRequest) -> str:
    """Return the path of each interpreter."""
    return python_or_skip(request.param)


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a project of each answer about the loop, rendered but not installed."""
    return {
        loop: bake(tmp_path_factory.mktemp("python"), windows_event_loop=loop)
        for loop in choices("windows_event_loop")
    }


def told(python: str, *path: Path, options: list[str], **env: str) -> dict[str, Any]:
    """Return what the script prints, after it warned of nothing."""
    uv_run = [find_uv(), "run", "--quiet", "--no-project", *options, "--python", python]
    done = subprocess.run(
        [*uv_run, "python", "-X", "dev", "-W", "error", "-c", SCRIPT],
        env=environment(PYTHONPATH=os.pathsep.join(map(str, path)), **env),
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, "")
    result: dict[str, Any] = json.loads(done.stdout)
    assert result.pop("nested") == NESTED
    return result


@pytest.mark.parametrize("package", ["", "uvloop"])
@pytest.mark.skipif(sys.platform == "win32", reason="asyncio's default is another one there")
def test_here(python: str, projects: dict[str, Path], package: str) -> None:
    options = ["--with", package] if package else []
    assert told(python, projects["selector"], options=options) == {
        "policies": True,
        "ours": "uvloop.Loop" if package else "asyncio.SelectorEventLoop",
        "of others": "asyncio.SelectorEventLoop",
    }


@pytest.mark.parametrize("policies", [True, False], ids=["policies", "no-policies"])
@pytest.mark.parametrize("loop", choices("windows_event_loop"))
@pytest.mark.skipif(sys.platform == "win32", reason="Windows needs no simulation of itself")
def test_simulated_win32(
    python: str, projects: dict[str, Path], loop: str, *, policies: bool
) -> None:
    without = "" if policies else "1"
    options = ["--with", "uvloop"]
    path = [SIMULATION, projects[loop]]
    assert told(python, *path, options=options, SIMULATED_WIN32_NO_POLICIES=without) == {
        "policies": policies,
        "ours": ON_WINDOWS[loop],
        "of others": ON_WINDOWS[loop if policies else "native"],
    }
