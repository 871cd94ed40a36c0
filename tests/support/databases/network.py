"""A line to a server on which everything is lost for a while, and nobody is told."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from support.background import background

_LISTEN = """
import socket, sys
with socket.create_server(("", 0)) as listener, socket.socket(fileno=int(sys.argv[1])) as us:
    socket.send_fds(us, [b"."], [listener.fileno()])
sys.stdin.read()
"""
"""Runs in a network of its own, and gives us a socket in it."""
_FAR_MAC = "02:00:00:00:00:02"


@dataclass(frozen=True)
class Line:
    """Leads through a pair of virtual network cards to a server of this machine."""

    address: tuple[str, int]
    inside: list[str]

    @contextmanager
    def lost(self) -> Iterator[None]:
        """Lose every packet, in both directions, for the length of the block."""
        run(*self.inside, "ip", "link", "set", "far", "down")
        try:
            yield
        finally:
            run(*self.inside, "ip", "link", "set", "far", "up")


def need_networks() -> None:
    """Skip the test, and say why, if no network of its own can be made."""
    if sys.platform != "linux" or os.geteuid() or not shutil.which("nsenter"):
        pytest.skip("only root on Linux, with util-linux, can make a network of its own")
    if not shutil.which("ip"):
        pytest.skip("iproute2 is not installed")


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """Yield a line to a port of 127.0.0.1; skip the test, and say why, if none can be laid."""
    need_networks()
    near, number = f"near{os.getpid()}", os.getpid() % 2**15 * 4
    # 198.18.0.0/15 is for tests (RFC 2544).
    prefix = f"198.{18 + number // 2**16}.{number // 2**8 % 2**8}"
    here, there = f"{prefix}.{number % 2**8 + 1}", f"{prefix}.{number % 2**8 + 2}"
    with ExitStack() as stack:
        pid, listener = stack.enter_context(_another_network())
        inside = ["nsenter", f"--target={pid}", "--net"]
        card = ["ip", "link", "add", near, "type", "veth"]
        run(*card, "peer", "name", "far", "address", _FAR_MAC, "netns", str(pid))
        stack.callback(subprocess.run, ["ip", "link", "delete", near], check=False)
        run("ip", "address", "add", f"{here}/30", "dev", near)
        run("ip", "link", "set", near, "up")
        run(*inside, "ip", "address", "add", f"{there}/30", "dev", "far")
        run(*inside, "ip", "link", "set", "far", "up")
        # Known for good: or connecting would fail soon, because nobody says who has the address.
        neighbour = ["ip", "neighbour", "replace", there, "lladdr", _FAR_MAC]
        run(*neighbour, "dev", near, "nud", "permanent")
        stack.enter_context(background(lambda stop: asyncio.run(_relay(listener, port, stop))))
        yield Line((there, listener.getsockname()[1]), inside)


def run(*command: str) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, check=True, timeout=60)


@contextmanager
def _another_network() -> Iterator[tuple[int, socket.socket]]:
    ours, theirs = socket.socketpair()
    command = ["unshare", "--net", sys.executable, "-c", _LISTEN, str(theirs.fileno())]
    with (
        ours,
        subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[theirs.fileno()]) as process,
    ):
        theirs.close()
        _, received, _, _ = socket.recv_fds(ours, 1, 1)
        if not received:
            pytest.skip("this machine does not let us make a network of our own")
        with socket.socket(fileno=received[0]) as listener:
            yield process.pid, listener


async def _relay(listener: socket.socket, port: int, stop: threading.Event) -> None:
    """Pass what comes to `listener` on to a port of 127.0.0.1."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while content := await reader.read(65536):
                writer.write(content)
        except OSError:
            pass
        finally:
            writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))

    server = await asyncio.start_server(forward, sock=listener.dup())
    await asyncio.to_thread(stop.wait)
    server.close()
