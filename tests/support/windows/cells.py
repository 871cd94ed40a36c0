"""Rendered projects on a real Python for Windows: what comes of each way to start them."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import httpx2

from support.bake import ANSWERS, bake, choices, server_of
from support.databases.real import database_for
from support.projects import PATIENCE, environment, free_port, install, own_group

NEEDS = (
    "needs Windows, or WINDOWS_PYTHON, a command that starts CPython for Windows with what the "
    "projects need, and WINDOWS_FOLDER, a folder for them on its drive C"
)
LAUNCHER = shlex.split(os.environ.get("WINDOWS_PYTHON", ""))
LOOPS = {
    "selector": "asyncio.SelectorEventLoop",
    "winloop": "winloop.Loop",
    "native": "asyncio.ProactorEventLoop",
}
"""The answers, and what the log calls the loop that must come of each."""
MODES = {"dev": ("dev",), "1 worker": (), "2 workers": ("--workers", "2")}
# In the console of the process: its own would be ours.
CTRL_C = """
import ctypes, sys
kernel32 = ctypes.windll.kernel32
kernel32.FreeConsole()
if not kernel32.AttachConsole(int(sys.argv[1])):
    raise ctypes.WinError()
kernel32.SetConsoleCtrlHandler(None, True)
kernel32.GenerateConsoleCtrlEvent(0, 0)
"""


@dataclass(frozen=True)
class Cell:
    """A combination of answers."""

    driver: str
    framework: str
    server: str
    loop: str

    def answers(self) -> dict[str, str]:
        """Return them as cookiecutter takes them."""
        server = self.server if self.server in choices("server") else choices("server")[0]
        return {
            "driver": self.driver,
            "framework": self.framework,
            "server": server,
            "windows_event_loop": self.loop,
            # Without a framework, a worker.
            "jobs": "yes" if self.framework == "none" else "no",
        }

    def __str__(self) -> str:
        return f"{self.driver}-{self.framework}-{self.server}-{self.loop}"

    @property
    def is_refused(self) -> bool:
        """Whether there is no such project: its driver can't use the loop."""
        return self.loop == "native" and bool(ANSWERS["_drivers"][self.driver]["needs_selector"])

    @property
    def refuses_two_workers(self) -> bool:
        """Whether it can't share its socket: granian can't there, nor can servers on Proactor."""
        return self.server == "granian" or (self.framework != "none" and self.loop == "native")

    @property
    def outcome(self) -> str:
        """What must come of it, in the words of docs/event-loop.md."""
        if self.is_refused:
            return "refuses"
        return "serves; refuses two workers" if self.refuses_two_workers else "serves"


def cells() -> list[Cell]:
    """Return every framework and server with the first driver, and every driver with the first."""
    first_driver, *drivers = choices("driver")
    pairs = {
        (framework, server_of(framework, server)): None
        for framework in choices("framework")
        for server in choices("server")
    }
    services = [(first_driver, *pair) for pair in pairs]
    services += [(driver, choices("framework")[0], choices("server")[0]) for driver in drivers]
    return [Cell(*service, loop) for loop in LOOPS for service in services]


@dataclass(frozen=True)
class WindowsProject:
    """A project, and the command that starts its Python."""

    path: Path
    python: tuple[str, ...]

    @classmethod
    def of(cls, cell: Cell, directory: Path) -> WindowsProject:
        """Render the project of a cell, and install what it needs if it has not that already."""
        if not LAUNCHER:
            project = install(directory, "--no-default-groups", **cell.answers())
            return cls(project.path, (str(project.python),))
        folder = Path(tempfile.mkdtemp(dir=os.environ["WINDOWS_FOLDER"]), directory.name)
        return cls(bake(folder, **cell.answers()), tuple(LAUNCHER))

    def run(self, *arguments: str, **env: str) -> str:
        """Run its Python to the end, and return what it prints."""
        return subprocess.run(
            [*self.python, *arguments],
            cwd=self.path,
            env=_environment(**env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=PATIENCE,
            check=True,
        ).stdout


@dataclass(frozen=True)
class Started:
    """A project that runs as a process."""

    process: subprocess.Popen[bytes]
    log: Path

    def told(self) -> str:
        """Return all that it printed until now."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition; raise AssertionError if it does not come, or the process ends."""
        deadline = monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, f"It ended before {what}:\n{self.told()}"
            assert monotonic() < deadline, f"In vain until {what}:\n{self.told()}"
            sleep(0.2)

    def ctrl_c(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        if sys.platform == "win32":
            subprocess.run([sys.executable, "-c", CTRL_C, str(self.process.pid)], check=True)
        else:
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(PATIENCE)


@contextmanager
def started(project: WindowsProject, log: Path, *command: str, **env: str) -> Iterator[Started]:
    """Yield the process of `python -m app` and `command`; end all its processes."""
    options = {"cwd": project.path, "env": _environment(**env), "stdin": subprocess.DEVNULL}
    whole = [*project.python, "-m", "app", *command]
    # A console of its own and no group: in a new one Windows disables Ctrl-C.
    with (
        log.open("wb") as output,
        own_group(whole, output, flag="CREATE_NO_WINDOW", **options) as process,
    ):
        yield Started(process, log)


def try_all(cell: Cell, directory: Path) -> dict[str, str]:
    """Return what came of each mode: "serves", or "refuses" and why.

    Raises AssertionError, with the log, where something else came of it.
    """
    project = WindowsProject.of(cell, directory)
    # The machine may be busy, and that is not what is looked at.
    env = {"APP_WORKER_HEALTH_TIMEOUT": str(PATIENCE)}
    if cell.loop == "winloop":
        env["PYTHONPATH"] = os.environ.get("WINDOWS_WINLOOP", "")
    with database_for(cell.driver, directory) as url:
        # Where the file is has another name there.
        env["DATABASE_URL"] = "sqlite:///service.db" if url.startswith("sqlite") else url
        return {
            # `dev` comes first: it migrates the database.
            mode: _try(cell, project, directory / f"{mode}.log", mode, env)
            for mode in MODES
        }


def _try(cell: Cell, project: WindowsProject, log: Path, mode: str, env: dict[str, str]) -> str:
    number = 2 if mode == "2 workers" else 1
    web = cell.framework != "none"
    port = free_port()
    command = [*MODES[mode], *(["--port", str(port)] if web else [])]
    with started(project, log, *command, **env) as it:
        if number == 2 and cell.refuses_two_workers:
            assert it.process.wait(PATIENCE) == 1, it.told()
            assert it.told().count("\n") == 1, it.told()
            return f"refuses: {it.told().strip()}"
        use = _request if web else _work
        it.until(lambda: _starts(cell, it) == number, "every process is there")
        use(it, project, port, env)
        if mode == "dev":
            main = project.path / "app" / ("main.py" if web else "worker.py")
            main.write_text(f"{main.read_text(encoding='utf-8')}\n", encoding="utf-8")
            it.until(lambda: _starts(cell, it) == 2, "it starts again")
            use(it, project, port, env)
        code = it.ctrl_c()
    assert code == 0, f"exit code {code}:\n{it.told()}"
    assert "Traceback" not in it.told(), it.told()
    return "serves"


def _starts(cell: Cell, it: Started) -> int:
    return it.told().count(f" runs on {LOOPS[cell.loop]}")


def _request(it: Started, _project: WindowsProject, port: int, _env: dict[str, str]) -> None:
    url = f"http://127.0.0.1:{port}"
    with httpx2.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:

        def status(path: str) -> int:
            try:
                return int(client.get(path).status_code)
            except httpx2.TransportError:
                return 0

        it.until(lambda: status("/ready") == 200, "it is ready")
        company = {"name": f"Company {port} {monotonic()}", "industry": "Any"}
        assert client.post("/api/v1/companies", json=company).status_code == 201, it.told()
        with ThreadPoolExecutor(8) as threads:
            statuses = [*threads.map(status, ["/api/v1/companies"] * 40)]
        assert statuses == [200] * 40, it.told()


def _work(it: Started, project: WindowsProject, port: int, env: dict[str, str]) -> None:
    companies = {"companies": [{"name": f"Company {port} {monotonic()}", "industry": "Any"}]}
    project.run("-m", "app", "jobs", "add", "import_companies", json.dumps(companies), **env)

    def is_done() -> bool:
        jobs = project.run("-m", "app", "jobs", "list", **env)
        assert "failed" not in jobs
        return "queued" not in jobs

    it.until(is_done, "the job is done")


def _environment(**more: str) -> dict[str, str]:
    # Wine takes the names of files as what the locale says.
    return environment(**more) | ({"LANG": "C.UTF-8"} if LAUNCHER else {})
