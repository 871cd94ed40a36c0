"""The processes of a service: none is left behind, none is killed while it starts."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import httpx2
import psutil
import pytest
from support.bake import choices
from support.projects import (
    PATIENCE,
    Project,
    Running,
    Variant,
    each,
    running,
    serving,
)

pytestmark = pytest.mark.projects

DRIVER, FRAMEWORK = choices("driver")[0], choices("framework")[0]
ASGI: list[Variant] = [
    (DRIVER, FRAMEWORK),
    *((DRIVER, FRAMEWORK, server) for server in choices("server")[1:]),
]
EVERY: list[Variant] = [*ASGI, *((DRIVER, framework) for framework in ("aiohttp", "sanic", "none"))]
COMMANDS = [("--workers", "2"), ("dev",)]
# uvicorn brings processes of its own; the others share ours, and so one of them is enough.
USUAL: list[Variant] = [EVERY[0], (DRIVER, "none")]

# Python imports it first, and in the processes that a service starts it takes its time.
SLOW_IMPORT = """
import sys, time

if "--multiprocessing-fork" in sys.orig_argv:
    time.sleep(7)
"""

# uvicorn's exit code of a start that failed, from a worker that has not answered its parent yet.
FAILED_START = """
import os, sys, time

if "--multiprocessing-fork" in sys.orig_argv:
    time.sleep(2)
    os._exit(3)
"""

# Connections, and a Ctrl-C in `wait`, as Windows reports them; in the worker, too.
AS_ON_WINDOWS = """
import fcntl, os, signal, struct, termios, time
from multiprocessing.connection import Connection

from app.kit.commands import processes

def poll(line, timeout=0.0, poll=Connection.poll):
    if ready := poll(line, timeout):
        size = fcntl.ioctl(line.fileno(), termios.FIONREAD, struct.pack("i", 0))
        if not any(size):
            raise BrokenPipeError
    return ready

def interrupted(_objects, timeout):
    os.kill(os.getpid(), signal.SIGINT)
    raise InterruptedError

def work(stop):
    while not stop.is_set():
        time.sleep(0.05)
    print("An orderly stop", flush=True)

Connection.poll, processes.wait = poll, interrupted
if __name__ == "__main__":
    processes.keep_running(2, processes.StopSignals(), work)
"""


@contextmanager
def started(project: Project, log: Path, *command: str, **env: str) -> Iterator[Running]:
    """Yield the service once it answers, or the worker once it works."""
    if (project.path / "app" / "kit" / "http").exists():
        with serving(project, log, *command, **env) as service:
            yield service
    else:
        with running(project, log, *command, **env) as worker:
            wait_for(log, "Working")
            yield worker


def wait_for(log: Path, text: str) -> None:
    """Return once the log has the text."""
    until(lambda: text in log.read_text(encoding="utf-8"), f"the log never says {text!r}")


def until(condition: Callable[[], bool], failure: str) -> None:
    """Return once the condition holds; fail if it does not within a minute."""
    deadline = monotonic() + PATIENCE / 5
    while not condition():
        assert monotonic() < deadline, failure
        sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("project", each(EVERY, usual=USUAL), indirect=True)
def test_children_end_when_their_parent_is_killed(
    project: Project, url: str, tmp_path: Path, command: tuple[str, ...]
) -> None:
    with started(project, tmp_path / "log", *command, DATABASE_URL=url) as service:
        parent = psutil.Process(service.process.pid)
        until(lambda: bool(parent.children()), "it starts no other process")
        children = parent.children(recursive=True)
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait(PATIENCE)
        _, alive = psutil.wait_procs(children, timeout=PATIENCE / 5)
        assert not alive


@pytest.mark.skipif(sys.platform == "win32", reason="tests/test_windows.py has it on Windows")
@pytest.mark.parametrize("project", each([(DRIVER, "none")]), indirect=True)
def test_what_windows_reports_of_pipes_and_ctrl_c_is_an_orderly_stop(
    project: Project, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(AS_ON_WINDOWS, encoding="utf-8")
    done = project.run(project.python, script, PYTHONPATH=str(project.path))
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    assert done.stdout.count("An orderly stop") == 2


def running_first(program: str, directory: Path) -> dict[str, str]:
    """Return an environment in which each Python runs a program, kept in `directory`, first."""
    (directory / "sitecustomize.py").write_text(program, encoding="utf-8")
    return {"PYTHONPATH": str(directory)}


@pytest.mark.parametrize("project", each(ASGI[:1]), indirect=True)
def test_workers_that_import_slowly_are_waited_for(
    project: Project, url: str, tmp_path: Path
) -> None:
    env = {"DATABASE_URL": url, **running_first(SLOW_IMPORT, tmp_path)}
    with serving(project, tmp_path / "log", "--workers", "2", **env) as service:
        assert httpx2.get(f"{service.url}/ready").status_code == 200
        assert " died" not in service.stop()


@pytest.mark.parametrize("project", each(ASGI[:1]), indirect=True)
def test_a_worker_that_ends_while_it_is_asked_is_not_waited_for(
    project: Project, url: str, tmp_path: Path
) -> None:
    env = {"DATABASE_URL": url, **running_first(FAILED_START, tmp_path)}
    options = ["--port", "0", "--workers", "2"]
    timeout = str(10 * PATIENCE)
    done = project.run(
        project.python, "-m", "app", *options, **env, APP_WORKER_HEALTH_TIMEOUT=timeout
    )
    assert done.returncode == 1
    assert "A worker could not start" in done.stderr


@pytest.mark.parametrize("project", each(EVERY, usual=USUAL), indirect=True)
def test_dev_says_that_the_service_ended_and_starts_it_again_after_a_change(
    project: Project, url: str, tmp_path: Path
) -> None:
    main, log = project.path / "app" / "main.py", tmp_path / "log"
    if not main.exists():
        main = main.with_name("worker.py")
    before = main.read_text(encoding="utf-8")
    with started(project, log, "dev", DATABASE_URL=url) as service:
        try:
            main.write_text(f"{before}\nraise RuntimeError('a mistake')\n", encoding="utf-8")
            wait_for(log, "The service ended (exit code 1)")
            starts = log.read_text(encoding="utf-8").count("runs on")
        finally:
            main.write_text(before, encoding="utf-8")
        until(
            lambda: log.read_text(encoding="utf-8").count("runs on") > starts,
            "it never starts again",
        )
        assert service.process.poll() is None
        service.stop()
    assert "a mistake" in log.read_text(encoding="utf-8")
