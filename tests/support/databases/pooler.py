"""The process of a connection pooler, and its place in front of a server."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest
from devtools.local_postgres import Postgres
from devtools.local_server import leave_root


def path_of(name: str) -> str | None:
    """Return the path of a program, which Debian keeps from PATH."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def find_pooler(name: str, package: str) -> str:
    """Return the path of a program; skip the test if there is none."""
    path = path_of(name)
    if not path:
        pytest.skip(f"there is no {name} here: install Debian's {package}, or set PATH")
    return path


@contextmanager
def pooling(
    url: str, prepare: Callable[[Path, int], list[str]], *, stop: signal.Signals
) -> Iterator[str]:
    """Yield the URL of the database at `url` through a pooler, which ends at once with `stop`.

    `prepare` writes its files into a directory, for a port, and returns its command.
    """
    server = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with TemporaryDirectory() as name:
        home = Path(name)
        home.chmod(0o755)
        command = prepare(home, port)
        leave_root(home)
        with (home / "log").open("wb") as log:
            account = Postgres(home, home, ephemeral=True).process_arguments(log)
            process = subprocess.Popen(command, **account)
        with process:
            try:
                _wait_until_it_listens(port, process, home / "log")
                netloc = server.netloc.replace(f":{server.port}", f":{port}")
                yield server._replace(netloc=netloc).geturl()
            finally:
                process.send_signal(stop)


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text(encoding="utf-8"))
