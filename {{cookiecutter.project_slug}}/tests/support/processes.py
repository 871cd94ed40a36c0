"""Processes of the project: they start, are asked to stop, and say what they printed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from app.settings import Settings

PROJECT = Path(__file__).parents[2]
PATIENCE = 60
"""Seconds after which a process is not slow but stuck."""


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """Return the environment for a process that uses the database of `settings`."""
    url = settings.sqlalchemy_url.render_as_string(hide_password=False)
    return {**os.environ, "DATABASE_URL": url, "PYTHONIOENCODING": "utf-8", **more}


@dataclass
class Running:
    """A process that runs."""

    process: "subprocess.Popen[bytes]"
    output: IO[bytes]

    def ask_to_stop(self) -> None:
        """Send the signal that an operator would send."""
        if sys.platform == "win32":
            self.process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            self.process.terminate()

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Return when the condition holds; fail with what was printed if the process ends first."""
        async with asyncio.timeout(PATIENCE):
            while not await condition():
                assert self.process.poll() is None, self.wait()
                await asyncio.sleep(0.05)

    def wait(self) -> str:
        """Return all that it printed, once it has ended."""
        self.process.wait(PATIENCE)
        self.output.seek(0)
        return self.output.read().decode("utf-8")


@contextmanager
def running(*arguments: str, env: dict[str, str]) -> Iterator[Running]:
    """Yield a Python that was just started, under warnings as errors; kill it in the end."""
    flags = 0
    if sys.platform == "win32":
        # A group of its own: CTRL_BREAK_EVENT goes to all the group.
        flags = subprocess.CREATE_NEW_PROCESS_GROUP
    with (
        TemporaryFile() as output,
        subprocess.Popen(
            [sys.executable, "-X", "dev", "-W", "error", *arguments],
            cwd=PROJECT,
            env=env,
            stdout=output,
            stderr=output,
            creationflags=flags,
        ) as process,
    ):
        try:
            yield Running(process, output)
        finally:
            process.kill()
