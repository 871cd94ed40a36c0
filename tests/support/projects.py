"""Rendered projects, each in an environment made from its own pyproject.toml."""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import IO, Any, Self
from uuid import uuid4

import httpx2
import pytest

from support.bake import TEMPLATE, bake, choices
from support.bytecode import CACHE, compile_packages
from support.databases.real import (
    copied_database,
    database_for,
    environment_of_tests,
    kind_of,
    lasting_database,
)

PATIENCE = 300
"""Seconds after which a command is not slow but stuck."""
if sys.platform == "win32":
    STOP_SIGNALS = [signal.CTRL_BREAK_EVENT]
else:
    STOP_SIGNALS = [signal.SIGTERM, signal.SIGINT]
"""What asks a service to stop."""
QUESTIONS = ("driver", "framework", "server")
Variant = tuple[str, ...]
"""A driver, a framework and, if they are not the default, a server, `jobs` and `telemetry`."""
AWKWARD = {
    "project_name": 'Żółć & Söhne\'s "quoted" \\ 🏭',
    "project_slug": "a" * 40,
    "description": "Ends in a backslash \\, has \"quotes\", '''more''' and ${HOME} %(here)s \\",
    "author_name": 'D\'Arcy "The" Coder <d@example.com> 日本',
    "sync_engine": "yes",
}
"""Answers that are hard to bear."""
DEAD_PROXY = {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "", "no_proxy": ""}
"""The environment of somebody whose proxy knows nothing of this machine."""
FOREIGN = (
    *("APP_", "DATABASE_URL", "DB_", "OTEL_", "PYTEST_", "PYTHON", "TEST_DATABASE_URL"),
    *("VIRTUAL_ENV", "WEB_CONCURRENCY"),
)


STUCK_TESTS_TELL = {
    "PYTEST_ADDOPTS": f"-o faulthandler_timeout={PATIENCE // 3} -o faulthandler_exit_on_timeout=1"
    " -o verbosity_test_cases=1"
}
"""The environment in which a project's tests print their names, and one that is stuck ends."""


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which a project finds nothing but what it brought itself."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    pinned = {"PYTHONUTF8": "1", "UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never"}
    caches = {"MYPY_CACHE_DIR": mypy_cache(), "UV_CACHE_DIR": str(CACHE)}
    return {**kept, **pinned, **caches, **STUCK_TESTS_TELL, **more}


def mypy_cache(platform: str = sys.platform) -> str:
    """Return the directory in which the projects of this process keep what mypy knows of packages.

    mypy compares contents, not places: only what differs from the project before is read again.
    But two that run at once could take each other's modules for their own.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    return str(TEMPLATE / ".tools" / f"mypy-{platform}-{worker}")


def find_uv() -> str:
    """Return the path of the uv that came with the test environment, or of another one."""
    uv = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    assert uv, "uv is not installed"
    return uv


@dataclass(frozen=True)
class Project:
    """A rendered project."""

    path: Path
    driver: str

    @property
    def python(self) -> Path:
        """Its Python."""
        windows = self.path / ".venv" / "Scripts" / "python.exe"
        return windows if sys.platform == "win32" else self.path / ".venv" / "bin" / "python"

    def sync(self, *options: str) -> None:
        """Install what it says that it needs."""
        self.succeed(find_uv(), "sync", "--quiet", *options)
        compile_packages()

    def run(self, *command: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command in its directory, to the end; what it printed is told if it is stuck."""
        return self._run(command, env, PATIENCE)

    def succeed(self, *command: str | Path, **env: str) -> str:
        """Run a command that must succeed, and return what it prints."""
        return _output_of(self.run(*command, **env))

    def _run(
        self, command: Sequence[str | Path], env: dict[str, str], patience: float
    ) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                command,
                cwd=self.path,
                env=environment(**env),
                capture_output=True,
                check=False,
                encoding="utf-8",
                timeout=patience,
            )
        except subprocess.TimeoutExpired as stuck:
            raise AssertionError(f"{stuck}\n{stuck.stdout!r}\n{stuck.stderr!r}") from None

    def pass_tests(self, *options: str | Path, **env: str) -> int:
        """Run its tests, which must all pass, and return how many there are.

        On a server that this process shares: to start one takes longer than most tests. Each test
        has a limit of its own (STUCK_TESTS_TELL), so that of all is no guess about the machine.
        """
        command = (self.python, "-m", "pytest", "-q", "--durations=9", *options)
        server = environment_of_tests(self.driver)
        return passed(_output_of(self._run(command, {**server, **env}, 3 * PATIENCE)))

    def migrate(self, **env: str) -> None:
        """Migrate the database that `env` names."""
        self.succeed(self.python, "-m", "alembic", "upgrade", "head", **env)

    def replace(self, name: str | Path, old: str, new: str) -> None:
        """Put `new` in the place of `old`, which must be in the file, once."""
        file = self.path / name
        before, between, after = file.read_text(encoding="utf-8").partition(old)
        assert between, f"{old!r} is not in {name}"
        file.write_text(before + new + after, encoding="utf-8")


def _output_of(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, f"{done.args}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Copy(Project):
    """A copy of a project, which its owner may change, in the environment of the original."""

    original: Project

    @property
    def python(self) -> Path:
        """The original's Python."""
        return self.original.python

    @classmethod
    def of(cls, original: Project, directory: Path) -> Self:
        """Return a copy in `directory`."""
        path = directory / original.path.name
        shutil.copytree(original.path, path, ignore=shutil.ignore_patterns(".*cache*", ".venv"))
        return cls(path, original.driver, original)


def install(output: Path, *sync_options: str, **answers: str) -> Project:
    """Render a project with `answers` and install what it needs."""
    driver = answers.get("driver", choices("driver")[0])
    project = Project(bake(output, **answers), driver)
    project.sync(*sync_options)
    return project


def new_directory(factory: pytest.TempPathFactory) -> Path:
    """Return a directory that other accounts can enter, as a user's usually is."""
    directory = factory.mktemp("project")
    directory.chmod(0o755)
    return directory


def answers(variant: Variant) -> dict[str, str]:
    """Return what a variant answers; one without a framework is a worker, unless it says no."""
    given = dict(zip((*QUESTIONS, "jobs", "telemetry"), variant, strict=False))
    return {"jobs": "yes"} | given if given.get("framework") == "none" else given


def each(variants: Sequence[Variant], *, usual: Sequence[Variant] | None = None) -> list[Any]:
    """Return parameters that keep what concerns a variant in one process of xdist.

    Those that are not `usual`, which is all by default, run only on request (`-m full`).
    """
    on_request = {*variants} - {*(variants if usual is None else usual)}
    return [
        pytest.param(variant, id=name, marks=[pytest.mark.xdist_group(name), *full])
        for variant in variants
        for full in [[pytest.mark.full] if variant in on_request else []]
        if (name := "-".join(variant))
    ]


@contextmanager
def migrated_database(project: Project, directory: Path) -> Iterator[str]:
    """Yield the DATABASE_URL of a database that the project has migrated.

    Of projects with the same migrations one runs them, once in a process; the others get copies.
    """
    if kind_of(project.driver) == "mysql":  # which can't copy a database
        with database_for(project.driver, directory) as url:
            project.migrate(DATABASE_URL=url)
            yield url
        return
    migrations = _contents(project.path / "migrations", f"driver {project.driver}")
    if migrations not in _MIGRATED:
        url = lasting_database(project.driver, _lasting_directory("migrated-"))
        project.migrate(DATABASE_URL=url)
        _MIGRATED[migrations] = url
    with copied_database(_MIGRATED[migrations], directory) as url:
        yield url


_MIGRATED: dict[str, str] = {}
"""The URLs of migrated databases that nobody uses, by the contents of the migrations."""


def _lasting_directory(prefix: str) -> Path:
    """Return a new directory, which is removed when this process ends."""
    directory = Path(tempfile.mkdtemp(prefix=prefix))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


def _contents(directory: Path, more: str) -> str:
    digest = hashlib.sha256(more.encode())
    for file in sorted(directory.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@dataclass(frozen=True)
class Running:
    """A project that runs as a process."""

    process: subprocess.Popen[bytes]
    log: Path

    def signal(self, number: int) -> None:
        """Send a signal: to it, or to all its processes what a terminal sends to all."""
        if sys.platform != "win32" and number == signal.SIGINT:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def stop(self) -> str:
        """Ask it to stop as an operator would, and return all that it printed."""
        self.signal(STOP_SIGNALS[0])
        self.process.wait(PATIENCE)
        return self.log.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Service(Running):
    """A project's service that runs as a process."""

    url: str

    def written(self) -> str:
        """Return all of the log so far, of a service with one worker and a log of requests.

        A client may have its answer a moment before its line is written.
        """
        last = f"/{uuid4()}"
        httpx2.get(self.url + last, timeout=PATIENCE)
        deadline = monotonic() + PATIENCE
        while last not in (text := self.log.read_text(encoding="utf-8")):
            assert monotonic() < deadline, text
            sleep(0.01)
        return text


@contextmanager
def running(project: Project, log: Path, *command: str, **env: str) -> Iterator[Running]:
    """Yield the process that `python -m app` and `command` just started; kill it in the end."""
    with (
        log.open("wb") as output,
        launched(project, output, "-m", "app", *command, **env) as process,
    ):
        yield Running(process, log)


@contextmanager
def launched(
    project: Project, output: IO[bytes] | int, *arguments: str, **env: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process of the project's Python, which writes to `output`; kill it in the end."""
    whole: list[str | Path] = [project.python, *arguments]
    with own_group(whole, output, cwd=project.path, env=environment(**env)) as process:
        yield process


@contextmanager
def own_group(
    command: Sequence[str | Path],
    output: IO[bytes] | int,
    *,
    flag: str = "CREATE_NEW_PROCESS_GROUP",
    **more: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process, which writes to `output`; kill it in the end, with all its group.

    The group is its own: what a terminal would send must not come to us. On Windows, `flag` is the
    name of a constant of subprocess that sees to that.
    """
    group: dict[str, Any] = (
        {"creationflags": getattr(subprocess, flag)}
        if sys.platform == "win32"
        else {"process_group": 0}
    )
    with subprocess.Popen(
        command, stdout=output, stderr=subprocess.STDOUT, **group, **more
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            if sys.platform != "win32":
                # uvicorn's workers would go on without their parent.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def serving(project: Project, log: Path, *command: str, **env: str) -> Iterator[Service]:
    """Yield the service that `python -m app` and `command` start, once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with running(project, log, *command, "--port", str(port), **env) as it:
        service = Service(it.process, it.log, f"http://127.0.0.1:{port}")
        wait_until_it_answers(service.process, service.url, service.log)
        yield service


def wait_until_it_answers(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Return once a service answers; kill it, and fail with what it printed, if it does not."""
    deadline = monotonic() + PATIENCE
    while process.poll() is None and monotonic() < deadline:
        try:
            httpx2.get(f"{url}/health")
        except httpx2.TransportError:
            sleep(0.05)
        else:
            return
    process.kill()
    raise AssertionError(f"It does not answer: {log.read_text(encoding='utf-8')}")


def passed(summary: str) -> int:
    """Return how many tests passed, from what pytest prints; fail if any did not."""
    last = summary.strip().splitlines()[-1]
    assert not re.search(r"failed|error|skipped|xfailed|xpassed|warning", last), summary
    found = re.search(r"(\d+) passed", last)
    assert found, summary
    return int(found[1])
