"""The service and its tools as processes of their own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic, sleep
from typing import IO

import httpx2

from app.config import Settings

PROJECT = Path(__file__).parents[1]
PATIENCE = 60
"""Seconds after which a process is not slow but stuck."""


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """Return the environment for a process that uses the database of `settings`."""
    url = settings.sqlalchemy_url.render_as_string(hide_password=False)
    return {**os.environ, "DATABASE_URL": url, "PYTHONIOENCODING": "utf-8", **more}


def run_python(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Python to its end, in the project's directory."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=env,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )


def free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@dataclass
class Service:
    """A service that runs."""

    url: str
    process: "subprocess.Popen[bytes]"
    output: IO[bytes]

    def ask_to_stop(self) -> None:
        """Send the signal that an operator would send."""
        if sys.platform == "win32":
            self.process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            self.process.terminate()

    def wait(self) -> str:
        """Return all that it printed, once it has ended."""
        self.process.wait(PATIENCE)
        self.output.seek(0)
        return self.output.read().decode("utf-8")


@contextmanager
def running_service(*command: str, env: dict[str, str]) -> Iterator[Service]:
    """Yield a service that answers, under warnings as errors; kill it in the end."""
    port = free_port()
    strictly = [sys.executable, "-X", "dev", "-W", "error"]
    flags = 0
    if sys.platform == "win32":
        # A group of its own: CTRL_BREAK_EVENT goes to all the group.
        flags = subprocess.CREATE_NEW_PROCESS_GROUP
    with (
        TemporaryFile() as output,
        subprocess.Popen(
            [*strictly, "-m", "app", *command, "--port", str(port)],
            cwd=PROJECT,
            env=env,
            stdout=output,
            stderr=output,
            creationflags=flags,
        ) as process,
    ):
        service = Service(f"http://127.0.0.1:{port}", process, output)
        try:
            _wait_until_it_answers(service)
            yield service
        finally:
            process.kill()


def _wait_until_it_answers(service: Service) -> None:
    deadline = monotonic() + PATIENCE
    while service.process.poll() is None and monotonic() < deadline:
        try:
            httpx2.get(f"{service.url}/health")
        except httpx2.TransportError:
            sleep(0.05)
        else:
            return
    service.process.kill()
    raise AssertionError(f"The service does not answer: {service.wait()}")
