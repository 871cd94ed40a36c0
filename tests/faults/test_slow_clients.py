"""Clients that are slow on purpose don't keep others waiting, and are hung up on."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from support.bake import server_of
from support.http.contract import COMPANIES
from support.http.differences import SLOW_CLIENTS, End
from support.http.hostile_service import HTTP, target
from support.http.raw_http import connected, ended, request
from support.projects import Project, each

pytestmark = pytest.mark.faults

CONNECTIONS = 60
"""Of each kind."""
TIMEOUT = 4
"""APP_REQUEST_TIMEOUT, in seconds."""
ALLOWANCE = 20
"""Seconds that a machine with other work may take longer."""

WHOLE = request("POST", COMPANIES, {"name": "Slow", "industry": "Snails"})
HEAD = WHOLE.index(b"\r\n\r\n") + 4
BEGINNINGS = {"head": WHOLE[:20], "body": WHOLE[: HEAD + 1]}


@pytest.mark.parametrize("variant", each(HTTP))
def test_they_are_served_by_nobody_and_hold_nobody_up(
    variant: tuple[str, ...],
    installed: Callable[..., Project],
    tmp_path: Path,
    figures: Callable[[str], None],
) -> None:
    with (
        ExitStack() as stack,
        target(installed(variant), tmp_path, APP_REQUEST_TIMEOUT=str(TIMEOUT)) as it,
        httpx2.Client(base_url=it.url, timeout=60) as client,
    ):
        slow = {
            kind: [stack.enter_context(connected(it.url)) for _ in range(CONNECTIONS)]
            for kind in BEGINNINGS
        }
        began = time.monotonic()
        for kind, connections in slow.items():
            for connection in connections:
                connection.sendall(BEGINNINGS[kind])
        slowest = 0.0
        lasted: dict[str, float] = {}
        while len(lasted) < len(slow) and time.monotonic() - began < TIMEOUT + ALLOWANCE:
            sent = time.monotonic()
            # With a new name each time: that every connection of the pool is free, too.
            body = {"name": f"Fast {sent}", "industry": "Hares"}
            assert client.post(COMPANIES, json=body).status_code == 201
            slowest = max(slowest, time.monotonic() - sent)
            for kind, connections in slow.items():
                stays = SLOW_CLIENTS[server_of(*variant[1:])][kind] is End.ANSWERS
                connections[:] = [c for c in connections if not drip(c, kind, stays=stays)]
                if not connections:
                    lasted.setdefault(kind, time.monotonic() - began)
            time.sleep(0.2)
        figures(
            f"{CONNECTIONS} + {CONNECTIONS} slow clients were hung up on after"
            f" {' and '.join(f'{seconds:.1f} s ({kind})' for kind, seconds in lasted.items())}"
            f" (APP_REQUEST_TIMEOUT={TIMEOUT}); others waited {slowest:.2f} s at most"
        )
        assert lasted.keys() == slow.keys(), it.log()
        assert slowest < TIMEOUT
        it.check()


def drip(connection: socket.socket, kind: str, *, stays: bool) -> bool:
    """Send one byte more, and return whether the service has hung up, or answered if it `stays`."""
    try:
        connection.settimeout(0)
        while answer := connection.recv(4096):
            # It may say why, first.
            if stays:
                return answer.startswith(b"HTTP/1.1 4")
    except BlockingIOError:
        pass
    except ConnectionError:
        return True
    else:
        return True
    try:
        connection.send(b"x" if kind == "head" else b" ")
    except BlockingIOError:
        pass
    except OSError:
        return True
    return ended(connection)
