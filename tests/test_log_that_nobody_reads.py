"""A log that nobody reads stops nothing, and one that is read loses no line."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from time import monotonic

import httpx2
import pytest
from support.bake import choices
from support.databases.observer import wait_until
from support.projects import (
    PATIENCE,
    STOP_SIGNALS,
    Project,
    Variant,
    each,
    free_port,
    launched,
)

pytestmark = pytest.mark.projects

DRIVER, *_ = choices("driver")
WEB = [
    *((DRIVER, framework) for framework in choices("framework") if framework != "none"),
    *((DRIVER, choices("framework")[0], server) for server in choices("server")[1:]),
]
WORKER: Variant = (DRIVER, "none")
# uvicorn brings processes of its own; aiohttp, like all others, has ours.
USUAL = [WEB[0], (DRIVER, "aiohttp")]
COMMANDS = [(), ("--workers", "2"), ("dev",)]
LONG = "/" + "x" * 4000
"""A path whose line is long: 300 of them are more than a pipe and the queue hold."""
DROPPED = re.compile(
    r"^\S+Z WARNING: app\.kit\.output: (\d+) lines of the log were dropped", re.MULTILINE
)


@dataclass
class Log:
    """A process, and what was read of its log."""

    process: subprocess.Popen[bytes]
    url: str
    parts: list[bytes] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What was read."""
        return b"".join(self.parts).decode()

    def read(self) -> None:
        """Read from now on, as soon as there is something."""
        output = self.process.stdout
        assert output
        # Raw: the buffer would wait for more.
        threading.Thread(
            target=lambda: self.parts.extend(iter(lambda: output.raw.read(65536), b"")),  # type: ignore[attr-defined]
            daemon=True,
        ).start()

    def get(self, path: str, times: int) -> None:
        """Send requests, one after another, each of which must be answered."""
        with httpx2.Client(base_url=self.url, timeout=20) as client:
            for _ in range(times):
                assert client.get(path).status_code in {200, 404}

    def stop(self) -> float:
        """Ask it to stop, and return how many seconds that took."""
        started = monotonic()
        self.process.send_signal(STOP_SIGNALS[0])
        self.process.wait(PATIENCE)
        return monotonic() - started


@contextmanager
def serving(project: Project, *launcher: str, **env: str) -> Iterator[Log]:
    """Yield a service that answers, and whose log is a pipe."""
    port = free_port()
    command = [argument.format(port=port) for argument in launcher]
    with launched(project, subprocess.PIPE, *command, **env) as process:
        log = Log(process, f"http://127.0.0.1:{port}")
        wait_until(lambda: process.poll() is not None or answers(log))
        assert process.poll() is None
        yield log


def answers(log: Log) -> bool:
    """Return whether the service does."""
    try:
        httpx2.get(f"{log.url}/health", timeout=20)
    except httpx2.TransportError:
        return False
    return True


def app(*command: str) -> tuple[str, ...]:
    """Return the arguments of Python for a command of the project."""
    return ("-m", "app", *command, "--port", "{port}")


@pytest.mark.parametrize("project", each(WEB, usual=USUAL[:1]), indirect=True)
def test_a_service_goes_on_and_says_later_how_many_lines_it_dropped(
    project: Project, url: str
) -> None:
    with serving(project, *app(), DATABASE_URL=url) as log:
        log.get(LONG, 400)
        log.read()
        wait_until(lambda: DROPPED.search(log.text), why=lambda: log.text[-500:])
        log.get("/health", 1)
        log.stop()
        wait_until(lambda: "GET /health" in log.text[-500:], why=lambda: log.text[-500:])
    dropped = sum(map(int, DROPPED.findall(log.text)))
    assert dropped > 0
    assert log.text.count(LONG) + dropped == 400


@pytest.mark.parametrize("project", each(WEB, usual=USUAL), indirect=True)
def test_a_service_whose_log_nobody_reads_can_be_stopped(project: Project, url: str) -> None:
    with serving(project, *app("--workers", "2"), DATABASE_URL=url) as log:
        log.get(LONG, 50)
        # Standard output and error have a second each, in the service and in its parent process.
        assert log.stop() < 8


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("project", each(WEB, usual=USUAL[:1]), indirect=True)
def test_a_log_that_is_read_loses_no_line_at_a_stop(
    project: Project, url: str, command: tuple[str, ...]
) -> None:
    with serving(project, *app(*command), DATABASE_URL=url) as log:
        log.read()
        log.get("/nothing", 100)
        log.stop()
        last = "process [" if (project.path / "app/kit/commands/slow_clients.py").exists() else ""
        wait_until(lambda: log.text.endswith("\n") and last in log.text.splitlines()[-1])
    assert log.text.count("GET /nothing 404") == 100
    assert not DROPPED.search(log.text)


@pytest.mark.parametrize("project", each(USUAL[:1]), indirect=True)
def test_another_launcher_s_own_log_stops_nothing(project: Project, url: str) -> None:
    # Its log of requests, on standard output, is beside ours, on standard error.
    launcher = ("-m", "uvicorn", "app.main:app", "--port", "{port}")
    if sys.platform == "win32":
        launcher = (*launcher, "--loop", "app.event_loop:new_event_loop")
    with serving(project, *launcher, DATABASE_URL=url) as log:
        log.get(LONG, 50)
        log.read()
        log.get("/nothing", 1)
        log.stop()
        wait_until(lambda: "Finished server process" in log.text, why=lambda: log.text[-500:])
    assert log.text.count(LONG) == 100
    assert log.text.count("GET /nothing") == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not say that a pipe is full")
@pytest.mark.parametrize("project", each([WORKER]), indirect=True)
def test_a_worker_goes_on(project: Project, url: str) -> None:
    # A line for each statement.
    env = {"DATABASE_URL": url, "APP_LOG_SQL": "true", "WORKER_POLL_INTERVAL": "0.001"}
    reader, writer = map(os.fdopen, os.pipe(), "rw")
    with (
        reader,
        writer,
        launched(project, writer.fileno(), "-m", "app", "--workers", "2", **env) as process,
    ):
        wait_until(lambda: not select.select([], [writer], [], 0)[1])
        jobs = (project.python, "-m", "app", "jobs")
        project.succeed(*jobs, "add", "import_companies", '{"companies": []}', DATABASE_URL=url)
        wait_until(lambda: "\tdone\t" in project.succeed(*jobs, "list", DATABASE_URL=url))
        assert Log(process, "").stop() < 8


PROGRAMS = {
    "sys.exit": "sys.exit('the end')",
    "exception": "raise RuntimeError('the end')",
    "atexit": "import atexit; atexit.register(print, 'the end')",
    "signal": """
        import signal
        from app.kit.output import catch_up
        catch_up()
        print("the end", file=sys.stderr)
        signal.raise_signal(signal.SIGTERM)
    """,
    "spawn": """
        import multiprocessing
        multiprocessing.get_context("spawn").Process(target=print, args=["the end"]).start()
    """,
    "again": """
        from app.kit.output import catch_up
        catch_up()
        never_wait()
        print("the end")
    """,
    "traceback": "logging.getLogger().exception('the end', exc_info=RuntimeError('of all'))",
    "in a signal handler": """
        import signal
        signal.signal(signal.SIGINT, lambda *_: print("the end"))
        signal.raise_signal(signal.SIGINT)
    """,
}
START = """
import logging, os, sys
from app.kit.output import never_wait
if __name__ == "__main__":
    never_wait()
    logging.basicConfig()
    for number in range(1000):
        logging.warning("line %d", number)
"""


@pytest.mark.parametrize("project", each(USUAL[:1]), indirect=True)
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_process_that_ends_has_written_all(
    project: Project, tmp_path: Path, program: str
) -> None:
    done = run(project, tmp_path, PROGRAMS[program])
    said = done.stdout + done.stderr
    assert said.count(":line ") == 1000
    assert "the end" in said


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
@pytest.mark.parametrize("project", each(USUAL[:1]), indirect=True)
def test_a_forked_process_writes_by_itself(project: Project, tmp_path: Path) -> None:
    done = run(
        project,
        tmp_path,
        """
        if child := os.fork():
            os.waitpid(child, 0)
        else:
            print("from the child", flush=True)
            logging.warning("of the child")
            os._exit(0)
        """,
    )
    assert done.stdout.count("from the child") == 1, done
    assert done.stderr.count("of the child") == 1
    assert done.stderr.count("line ") == 1000


@pytest.mark.parametrize("project", each(USUAL[:1]), indirect=True)
def test_a_reader_that_is_gone_stops_nothing(project: Project, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(START + dedent(CLOSED).replace("\n", "\n    "), encoding="utf-8")
    with launched(project, subprocess.PIPE, str(program), PYTHONPATH=str(project.path)) as process:
        assert process.stdout
        process.stdout.close()
        assert process.wait(PATIENCE) == 0
    assert (tmp_path / "done").read_text(encoding="utf-8") == "done"


CLOSED = """
import pathlib, time
deadline = time.monotonic() + 30
while not sys.stderr.buffer._lost and time.monotonic() < deadline:
    print("to nobody")
    logging.warning("to nobody")
# Opened before: a file that is opened next would get this number, and what is still queued.
done = pathlib.Path(__file__).with_name("done").open("w")
os.close(2)
logging.warning("to nobody")
print("to nobody", file=sys.stderr)
done.write("done")
done.close()
os._exit(0)
"""


def run(project: Project, directory: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run a program that has written a thousand lines."""
    program = directory / "program.py"
    body = dedent(code).strip().replace("\n", "\n    ")
    program.write_text(f"{START}    {body}\n", encoding="utf-8")
    return project.run(project.python, program, PYTHONPATH=str(project.path))
