"""What makes the load: wrk, or oha where there is no wrk."""

from __future__ import annotations

import json
import math
import shutil
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from benchmarks.errors import BenchmarkError
from benchmarks.rounds import Outcome
from benchmarks.routes import ID, OURS, Routes

IDS = 10_000
"""Reads choose from rows with the ids from 1 on."""
MISSING = (
    "Neither wrk nor oha is on PATH: install wrk (Debian and Ubuntu: `apt install wrk`, "
    "macOS: `brew install wrk`) or oha (`cargo install oha`, `winget install hatoo.oha`)."
)


@dataclass(frozen=True)
class Load:
    """What to send to a service, for so many seconds over so many connections."""

    method: str
    """GET reads rows by id; POST adds some, each with a name of its own."""
    seconds: float
    connections: int = 16
    routes: Routes = OURS


class Generator(ABC):
    """A program that makes load."""

    name: str
    methods: tuple[str, ...]
    """What it can send."""

    @abstractmethod
    def run(self, url: str, load: Load) -> Outcome:
        """Return what came of a load on the service at `url`.

        Raises BenchmarkError if any request failed.
        """


def find_generator() -> Generator:
    """Return what is installed; raises BenchmarkError if nothing is."""
    for kind in (Wrk, Oha):
        if path := shutil.which(kind.name):
            return kind(path)
    raise BenchmarkError(MISSING)


class Wrk(Generator):
    """https://github.com/wg/wrk, whose requests and report a script makes."""

    name = "wrk"
    methods = ("GET", "POST")

    def __init__(self, path: str) -> None:
        self._path = path

    def run(self, url: str, load: Load) -> Outcome:
        """Return what came of a load."""
        with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
            script = Path(directory, "load.lua")
            script.write_text(_script(load.method, load.routes), encoding="utf-8")
            return read_wrk(self._run(url, load, script), f"{load.method} {url}")

    def _run(self, url: str, load: Load, script: Path) -> str:
        # It counts whole seconds, and ends in good order when it is interrupted before.
        seconds = math.ceil(load.seconds)
        options = ["-t1", f"-c{load.connections}", f"-d{seconds}s", f"-s{script}"]
        with subprocess.Popen(
            [self._path, *options, url],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        ) as process:
            if seconds != load.seconds:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(load.seconds)
                process.send_signal(signal.SIGINT)
            told, _ = process.communicate(timeout=seconds + 60)
        return told


def _script(method: str, routes: Routes) -> str:
    """Return a script for wrk (LuaJIT) that sends prepared requests and prints JSON."""
    if method == "GET":
        request = (
            "local requests, next_one = {}, 0\n"
            f"math.randomseed({uuid4().int % 2**31})\n"
            "function init(args)\n"
            "  for i = 1, 1000 do\n"
            f"    local path = string.gsub({_lua(routes.read)}, '{ID}', math.random(1, {IDS}))\n"
            "    requests[i] = wrk.format('GET', path)\n"
            "  end\n"
            "end\n"
            "function request()\n"
            "  next_one = next_one % 1000 + 1\n"
            "  return requests[next_one]\n"
            "end\n"
        )
    else:
        path, body = _lua(routes.insert), _lua(routes.named(f"Added {uuid4().hex} 0000000000"))
        request = (
            "local head, tail, number\n"
            "function init(args)\n"
            "  wrk.headers['Content-Type'] = 'application/json'\n"
            f"  local whole = wrk.format('POST', {path}, nil, {body})\n"
            "  local first, last = whole:find(' 0000000000')\n"
            "  head, tail, number = whole:sub(1, first), whole:sub(last + 1), 0\n"
            "end\n"
            "function request()\n"
            "  number = number + 1\n"
            "  return head .. string.format('%010d', number) .. tail\n"
            "end\n"
        )
    report = (
        "function done(summary, latency, requests)\n"
        "  local errors = summary.errors\n"
        "  io.write(string.format(\n"
        '    \'RESULT {"requests": %d, "microseconds": %d, "p50": %f, "p99": %f,\' ..\n'
        '    \' "statuses": %d, "sockets": {"connect": %d, "read": %d,\' ..\n'
        '    \' "write": %d, "timeout": %d}}\\n\',\n'
        "    summary.requests, summary.duration,\n"
        "    latency:percentile(50), latency:percentile(99), errors.status,\n"
        "    errors.connect, errors.read, errors.write, errors.timeout))\n"
        "end\n"
    )
    return request + report


def _lua(text: str) -> str:
    """Return a text as a literal of Lua, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def read_wrk(told: str, what: str) -> Outcome:
    """Return what our script for wrk printed; raises BenchmarkError for a failed request."""
    result = told.rpartition("RESULT ")[2] if "RESULT " in told else ""
    if not result:
        raise BenchmarkError(f"wrk did not report on {what}; it says: {told.strip()[:500]}")
    found = json.loads(result)
    _refuse_failures(what, found["statuses"], found["sockets"])
    return Outcome(
        requests=found["requests"],
        seconds=found["microseconds"] / 1e6,
        p50=found["p50"] / 1e6,
        p99=found["p99"] / 1e6,
    )


class Oha(Generator):
    """https://github.com/hatoo/oha: it can't give each request a body of its own."""

    name = "oha"
    methods = ("GET",)

    def __init__(self, path: str) -> None:
        self._path = path

    def run(self, url: str, load: Load) -> Outcome:
        """Return what came of a load."""
        with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
            # Each request goes to one of them, at random.
            urls = Path(directory, "urls")
            lines = [f"{url}{load.routes.path(number)}" for number in range(1, IDS + 1)]
            urls.write_text("\n".join(lines), encoding="utf-8")
            options = [
                "--no-tui",
                "--output-format",
                "json",
                "--wait-ongoing-requests-after-deadline",
            ]
            options += ["-z", f"{load.seconds * 1000:.0f}ms", "-c", str(load.connections)]
            done = subprocess.run(
                [self._path, *options, "--urls-from-file", str(urls)],
                capture_output=True,
                check=False,
                encoding="utf-8",
                timeout=load.seconds + 60,
            )
        what = f"{load.method} {url}"
        if done.returncode:
            raise BenchmarkError(f"oha failed at {what}; it says: {done.stderr.strip()[:500]}")
        return read_oha(done.stdout, what)


def read_oha(told: str, what: str) -> Outcome:
    """Return what oha printed as JSON; raises BenchmarkError for a failed request."""
    found = json.loads(told)
    statuses = {int(status): count for status, count in found["statusCodeDistribution"].items()}
    good = sum(count for status, count in statuses.items() if 200 <= status < 300)
    bad = sum(statuses.values()) - good
    _refuse_failures(what, bad, found["errorDistribution"])
    percentiles = found["latencyPercentiles"]
    return Outcome(good, found["summary"]["total"], percentiles["p50"], percentiles["p99"])


def _refuse_failures(what: str, statuses: int, sockets: dict[str, int]) -> None:
    failures = {"a status of an error": statuses, **sockets}
    if found := ", ".join(f"{kind}: {count}" for kind, count in failures.items() if count):
        raise BenchmarkError(
            f"{what}: requests failed ({found}); what is measured with them is no figure."
        )
