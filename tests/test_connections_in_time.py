"""A start says of connections that come too late something else than of those that are refused."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.bake import ANSWERS, choices
from support.projects import Project, Variant, each, free_port, migrated_database

pytestmark = pytest.mark.projects

SERVERS = [
    (driver, choices("framework")[0]) for driver, it in ANSWERS["_drivers"].items() if it["port"]
]


@pytest.mark.parametrize("variant", each(SERVERS))
def test_connections_that_come_too_late_are_not_called_refused(
    variant: Variant, installed: Callable[[Variant], Project], tmp_path: Path
) -> None:
    project = installed(variant)
    with migrated_database(project, tmp_path) as url, answering_once(url) as slow:
        env = {"DATABASE_URL": slow, "DB_CONNECT_TIMEOUT": "1", "DB_PREWARM": "3"}
        command = ("-m", "app", "--port", str(free_port()))
        done = project.run(project.python, *command, **env)
    assert done.returncode == 1
    assert "The 3 connections that a start takes at once were not open in time" in done.stderr
    assert "DB_CONNECT_TIMEOUT (1)" in done.stderr
    assert "grant" not in done.stderr


@contextmanager
def answering_once(url: str) -> Iterator[str]:
    """Yield the URL of a server with one connection; on others it accepts, and says nothing."""
    there = urlsplit(url)
    listener = socket.create_server(("127.0.0.1", 0))
    here = f"{there.netloc.rpartition('@')[0]}@127.0.0.1:{listener.getsockname()[1]}"
    target = (there.hostname or "127.0.0.1", there.port or 0)
    thread = threading.Thread(target=serve, args=(listener, target))
    thread.start()
    try:
        yield there._replace(netloc=here).geturl()
    finally:
        with suppress(OSError):
            # On Linux, closing it would not end accept().
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def serve(listener: socket.socket, target: tuple[str, int]) -> None:
    """Lead the first connection to `target`."""
    with ExitStack() as stack, suppress(OSError):
        client = stack.enter_context(listener.accept()[0])
        server = stack.enter_context(socket.create_connection(target))
        for pair in ((client, server), (server, client)):
            threading.Thread(target=pipe, args=pair, daemon=True).start()
        while True:
            stack.enter_context(listener.accept()[0])


def pipe(source: socket.socket, sink: socket.socket) -> None:
    """Send on what comes, until somebody hangs up."""
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
