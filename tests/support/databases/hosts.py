"""Hosts in networks of their own on this machine: their servers are killed, frozen or cut off."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.databases.network import need_networks, run


@dataclass(frozen=True)
class Host:
    """A network with an address, and the processes in it."""

    address: str
    keeper: int
    """The process whose network it is."""
    card: str
    """Our end of its line."""
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, command: list[str], log: Path, account: Path) -> None:
        """Start a process in it, of the account that `account` belongs to."""
        owner = account.stat()
        ids = [f"--setuid={owner.st_uid}", f"--setgid={owner.st_gid}"]
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*self._inside, *ids, "--", *command],
                cwd=account,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
            )
        self._started.append(process)

    def kill(self, program: str = "") -> None:
        """End every process at once, or those of a program, and wait until they have ended."""
        while self._processes(program):
            self._signal(signal.SIGKILL, program)
            time.sleep(0.01)
        self._started[:] = [process for process in self._started if process.poll() is None]

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop every process for the length of the block: its network still accepts connections."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Lose every packet to and from it for the length of the block."""
        _ip("link", "set", self.card, "down")
        try:
            yield
        finally:
            _ip("link", "set", self.card, "up")

    @contextmanager
    def cut_off_from(self, others: Iterable[Host]) -> Iterator[None]:
        """Lose every packet between it and some others for the length of the block."""
        for other in others:
            run(*self._inside, "ip", "route", "add", "blackhole", other.address)
        try:
            yield
        finally:
            for other in others:
                run(*self._inside, "ip", "route", "delete", "blackhole", other.address)

    @property
    def _inside(self) -> list[str]:
        return ["nsenter", f"--target={self.keeper}", "--net"]

    def _signal(self, number: int, program: str = "") -> None:
        done: set[int] = set()
        # Again, for those that started meanwhile.
        while new := self._processes(program) - done:
            for pid in new:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            done |= new

    def _processes(self, program: str) -> set[int]:
        ours = Path(f"/proc/{self.keeper}/ns/net").readlink()
        found = set()
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # one that just ended
                words = (place / "cmdline").read_bytes()
                if program.encode() in words and (place / "ns/net").readlink() == ours:
                    found.add(int(place.name))
        return found - {self.keeper}


@contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    """Yield hosts that reach each other and us; skip the test, and say why, if none can be made.

    In the end no process is left on them.
    """
    need_networks()
    number = os.getpid() % 2**13 * 16
    # 198.18.0.0/15 is for tests (RFC 2544).
    network = f"198.{18 + number // 2**16}.{number // 2**8 % 2**8}"
    addresses = [f"{network}.{number % 2**8 + 1 + index}" for index in range(count + 1)]
    bridge = f"hosts{os.getpid()}"
    with ExitStack() as stack:
        _ip("link", "add", bridge, "type", "bridge")
        stack.callback(_ip, "link", "delete", bridge)
        _ip("address", "add", f"{addresses[0]}/28", "dev", bridge)
        _ip("link", "set", bridge, "up")
        made = []
        for index, address in enumerate(addresses[1:]):
            host = stack.enter_context(_host(bridge, address, index))
            stack.callback(host.kill)
            made.append(host)
        yield made


@contextmanager
def _host(bridge: str, address: str, index: int) -> Iterator[Host]:
    # It ends with us, however we end.
    command = ["unshare", "--net", "cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as keeping:
        host = Host(address, keeping.pid, f"h{index}-{os.getpid()}")
        _wait_for_network(keeping)
        mac = f"02:00:00:00:01:{index:02x}"
        card = ["link", "add", host.card, "type", "veth", "peer", "name", "far", "address", mac]
        _ip(*card, "netns", str(keeping.pid))
        _ip("link", "set", host.card, "master", bridge, "up")
        inside = ["nsenter", f"--target={keeping.pid}", "--net", "ip"]
        run(*inside, "address", "add", f"{address}/28", "dev", "far")
        for name in ("lo", "far"):
            run(*inside, "link", "set", name, "up")
        # Known for good: or connecting would fail soon, because nobody says who has the address.
        _ip("neighbour", "replace", address, "lladdr", mac, "dev", bridge, "nud", "permanent")
        yield host


def _wait_for_network(keeping: subprocess.Popen[bytes]) -> None:
    ours = Path("/proc/self/ns/net").readlink()
    while keeping.poll() is None:
        if Path(f"/proc/{keeping.pid}/ns/net").readlink() != ours:
            return
    pytest.skip("this machine does not let us make a network of our own")


def _ip(*arguments: str) -> None:
    run("ip", *arguments)
