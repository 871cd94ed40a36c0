"""Bodies without end are refused, and the service's memory stays what it was."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from support.background import background
from support.bake import server_of
from support.http.contract import COMPANIES
from support.http.differences import LARGE_BODIES, End
from support.http.hostile import raw
from support.http.hostile_service import HTTP, target
from support.http.raw_http import connected
from support.projects import Project, Service, each

pytestmark = pytest.mark.faults

LIMIT = 100_000
"""APP_MAX_BODY_SIZE."""
CLIENTS = 8
SENT = 200_000_000
"""Bytes that each client sends as fast as it is let; then it goes on slowly."""
PATIENCE = 10 + 20
"""Seconds of that while, which is aiohttp's, and what a machine with other work may add."""
ALLOWANCE = 60_000_000
"""Bytes that buffers, and what requests load for the first time, may take."""
# Sanic reads on up to 16 times the limit, so that the client gets to read why it is refused.
MOST = CLIENTS * 16 * LIMIT + ALLOWANCE

PIECE = b"x" * 65_536
KINDS = {
    "length": (
        raw("POST", COMPANIES, "Content-Type: application/json", f"Content-Length: {100 * SENT}"),
        PIECE,
    ),
    "chunks": (
        raw("POST", COMPANIES, "Content-Type: application/json", "Transfer-Encoding: chunked"),
        b"%x\r\n%s\r\n" % (len(PIECE), PIECE),
    ),
    "header": (b"GET /health HTTP/1.1\r\nHost: service\r\nX-Giant: ", PIECE),
    "headers": (b"GET /health HTTP/1.1\r\nHost: service\r\n", b"X-Many: x\r\n" * 6_000),
    "target": (b"GET /", PIECE),
}


@pytest.mark.parametrize("variant", each(HTTP))
def test_memory_is_bounded(
    variant: tuple[str, ...],
    installed: Callable[..., Project],
    tmp_path: Path,
    figures: Callable[[str], None],
) -> None:
    with target(installed(variant), tmp_path, APP_MAX_BODY_SIZE=str(LIMIT)) as it:
        answers: Counter[int] = Counter()
        figure = []
        for kind, (head, piece) in KINDS.items():
            with watching(it.service) as memory, ThreadPoolExecutor(CLIENTS) as threads:
                jobs = [threads.submit(flood, it.url, head, piece) for _ in range(CLIENTS)]
                results = [job.result() for job in jobs]
            answers.update(status for status, _, _ in results)
            sent = max(sent for _, sent, _ in results)
            figure.append(f"{kind} +{(memory[1] - memory[0]) // 1_000_000} MB")
            assert memory[1] - memory[0] < MOST, figure
            # Nobody takes it all: the service hangs up.
            assert all(hung_up for _, _, hung_up in results), kind
            end = LARGE_BODIES[server_of(*variant[1:])]
            assert sent < SENT or end is End.READS_ON, (kind, sent)
        figures(
            f"{CLIENTS} floods of each kind: {', '.join(figure)}; {dict(sorted(answers.items()))}"
        )
        assert answers.keys() <= {0, 400, 413, 414, 431}
        it.check()


def flood(url: str, head: bytes, piece: bytes) -> tuple[int, int, bool]:
    """Send pieces until the service hangs up; return its status, how many bytes, and if it did."""
    sent, hung_up, began = 0, False, time.monotonic()
    with connected(url) as connection:
        try:
            connection.sendall(head)
            while sent < SENT or time.monotonic() - began < PATIENCE:
                connection.sendall(piece)
                sent += len(piece)
                if sent > SENT:
                    time.sleep(0.1)
        except OSError:
            hung_up = True  # A reset may have cost us what it said.
        return status_of(connection), sent, hung_up


def status_of(connection: socket.socket) -> int:
    """Return the status that was answered, or 0."""
    received = b""
    connection.settimeout(5)
    try:
        while b"\r\n" not in received and (chunk := connection.recv(4096)):
            received += chunk
    except OSError:
        return 0
    return int(received.split(b" ", 2)[1]) if received else 0


@contextmanager
def watching(service: Service) -> Iterator[list[int]]:
    """Yield the bytes in memory: before, and, at the end of the block, at most."""
    process = psutil.Process(service.process.pid)

    def size() -> int:
        family = [process, *process.children(recursive=True)]
        return sum(member.memory_info().rss for member in family)

    memory = [size(), 0]

    def watch(stop: threading.Event) -> None:
        while not stop.wait(0.02):
            memory[1] = max(memory[1], size())

    with background(watch):
        yield memory
    memory[1] = max(memory[1], size())
