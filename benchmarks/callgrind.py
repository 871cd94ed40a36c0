"""Counting what a service executes: valgrind's callgrind runs it instruction by instruction.

Two counts of the same code agree within a few thousandths, whatever else the machine does. They
lack the kernel's share, and say nothing of waiting. Hardware counters would have the kernel's, but
few virtual machines and no container of CI let us read them.
"""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from benchmarks.contestants import Contestant
from benchmarks.errors import BenchmarkError
from benchmarks.generator import IDS
from benchmarks.routes import OURS, Routes
from benchmarks.servers import Server

MISSING = (
    "valgrind is not on PATH, which counts instructions: install it "
    "(Debian and Ubuntu: `apt install valgrind`; it is for Linux)."
)
WARM, REQUESTS, TRIES = 30, 60, 3
"""Requests before the count, those of a count, and how often one is compared with the next."""
REST = 1.0
"""Seconds in which what a service does without requests is counted."""
BOUND = 0.01
"""By which two counts of the same may differ."""
PATIENCE = 300
"""Seconds for a start, which takes some twenty times as long as usual."""
SAME = {
    "PYTHONPATH": str(Path(__file__).parent / "counted"),
    # Or sets and dictionaries would have another order in each process.
    "PYTHONHASHSEED": "0",
    # Slow as it is here.
    "DB_CONNECT_TIMEOUT": "120",
}

Request = Callable[[http.client.HTTPConnection], object]


@dataclass(frozen=True)
class Counts:
    """The instructions of a request, counted twice."""

    first: float
    second: float

    @property
    def mean(self) -> float:
        """What is reported."""
        return (self.first + self.second) / 2

    @property
    def apart(self) -> float:
        """By which part they differ."""
        return abs(self.first - self.second) / self.mean

    def ensure_agreement(self, name: str) -> None:
        """Raise BenchmarkError, about `name`, if they differ by more than BOUND."""
        if self.apart > BOUND:
            raise BenchmarkError(
                f"{name}: two counts of the same are {self.first:,.0f} and "
                f"{self.second:,.0f} instructions, which is more than {BOUND:.0%} apart."
            )


class Callgrind:
    """A service under callgrind, and one connection to it."""

    def __init__(self, server: Server, dumps: Path) -> None:
        """Count what `server` executes; it writes its counts to `dumps`.1, .2 and so on."""
        self._server = server
        self._dumps = dumps
        self._number = 0

    def count(self, request: Request) -> Counts:
        """Return what `request` costs a service that is warm.

        Raises BenchmarkError if it fails, or if counts that follow each other differ by more than
        BOUND.
        """
        self._send(request, WARM)
        self._control("--instr=on")
        # callgrind itself translates what runs for the first time.
        self._send(request, WARM)
        counts = Counts(self._count(request), self._count(request))
        for _ in range(TRIES - 1):
            if counts.apart > BOUND:
                counts = Counts(counts.second, self._count(request))
        self._control("--instr=off")
        counts.ensure_agreement(self._server.name)
        return counts

    def _count(self, request: Request) -> float:
        self.dump()
        start = time.monotonic()
        self._send(request, REQUESTS)
        took = time.monotonic() - start
        # The end of the connection belongs to them.
        time.sleep(REST / 10)
        busy = self.dump()
        # Timers tick by the clock, so more often during requests on a machine that is busy.
        time.sleep(REST)
        return (busy - self.dump() * took / REST) / REQUESTS

    def _send(self, request: Request, times: int) -> None:
        address = urlsplit(self._server.url)
        host, port = str(address.hostname), address.port
        with closing(http.client.HTTPConnection(host, port, timeout=PATIENCE)) as connection:
            for _ in range(times):
                request(connection)
                response = connection.getresponse()
                if response.status not in {200, 201}:
                    told = response.read(200)
                    raise BenchmarkError(f"{self._server.name} answers {response.status} {told!r}.")
                response.read()

    def dump(self) -> int:
        """Return the instructions since the last dump, or since the count began."""
        self._control("--dump")
        self._number += 1
        told = Path(f"{self._dumps}.{self._number}").read_text(encoding="utf-8")
        found = re.search(r"^summary: (\d+)", told, re.MULTILINE)
        return int(found[1]) if found else 0

    def _control(self, command: str) -> None:
        done = subprocess.run(
            [_find("callgrind_control"), command, str(self._server.process.pid)],
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        if done.returncode:
            raise BenchmarkError(f"callgrind_control {command} failed: {done.stderr.strip()}")


@contextmanager
def counting(
    contestant: Contestant, url: str, log: Path, env: Mapping[str, str], *, start: bool = False
) -> Iterator[Callgrind]:
    """Yield a service on the database at `url` under callgrind, once it answers.

    Its `start` is counted if that is wanted. Raises BenchmarkError where there is no valgrind.
    """
    dumps = log.with_suffix(".counts")
    counted = f"--instr-atstart={'yes' if start else 'no'}"
    options = ("--tool=callgrind", counted, f"--callgrind-out-file={dumps}")
    under = replace(contestant, prefix=(_find("valgrind"), *options), patience=PATIENCE)
    with under.start(url, log, **{**SAME, **env}) as server:
        yield Callgrind(server, dumps)


def count_start(contestant: Contestant, url: str, log: Path) -> int:
    """Return the instructions until the first 200 of a service, with garbage collection."""
    with counting(contestant, url, log, {"PYTHONPATH": ""}, start=True) as service:
        return service.dump()


def version() -> str:
    """Return that of valgrind."""
    done = subprocess.run([_find("valgrind"), "--version"], capture_output=True, check=True)
    return done.stdout.decode().strip().removeprefix("valgrind-")


def _find(program: str) -> str:
    if found := shutil.which(program):
        return found
    raise BenchmarkError(MISSING)


def get(number: Iterator[int], routes: Routes = OURS) -> Request:
    """Return the reading of one row after another, whose ids follow from `number`."""

    def send(connection: http.client.HTTPConnection) -> None:
        connection.request("GET", routes.path(next(number) % IDS + 1))

    return send


def post(number: Iterator[int], routes: Routes = OURS) -> Request:
    """Return the adding of rows, with names of one length."""
    prefix = uuid4().hex

    def send(connection: http.client.HTTPConnection) -> None:
        body = routes.named(f"Added {prefix} {next(number):010}")
        connection.request("POST", routes.insert, body, {"Content-Type": "application/json"})

    return send


METHODS: dict[str, Callable[..., Request]] = {"GET": get, "POST": post}
