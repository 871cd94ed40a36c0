"""Counted instructions: two counts agree, and see what a change costs."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from support.projects import Project

from benchmarks.callgrind import BOUND, METHODS, MISSING, Callgrind, Counts, count_start, counting
from benchmarks.contestants import Contestant
from benchmarks.errors import BenchmarkError

NEEDS_VALGRIND = pytest.mark.skipif(not shutil.which("valgrind"), reason=MISSING)
USUAL, MORE = 4_000, 5_000
"""Turns of a loop for each request."""
SERVER = """
import asyncio, json, sys

async def answer(reader, writer):
    while request := await reader.readline():
        while await reader.readline() != b"\\r\\n":
            pass
        path = request.split()[1].decode()
        for _ in range(int(sys.argv[1])):
            pass
        body = json.dumps({"path": path, "order": list({"a", "b", "c"})}).encode()
        status = b"404 No" if "nothing" in sys.argv and "companies" in path else b"200 OK"
        head = b"HTTP/1.1 %s\\r\\nContent-Length: %d\\r\\n\\r\\n" % (status, len(body))
        writer.write(head + body)
    writer.close()

def tick(loop):
    # What a service does by the clock.
    loop.call_later(0.1, tick, loop)

async def main():
    tick(asyncio.get_running_loop())
    async with await asyncio.start_server(answer, "127.0.0.1", int(sys.argv[-1])) as server:
        await server.serve_forever()

asyncio.run(main())
"""


class Here(Project):
    """A project that runs with this Python."""

    @property
    def python(self) -> Path:
        return Path(sys.executable)


def server_in(directory: Path, *arguments: object, source: str = SERVER) -> Contestant:
    """Return a server of a few lines."""
    program = directory / "server.py"
    program.write_text(source, encoding="utf-8")
    command = (str(program), *map(str, arguments))
    return Contestant("a server", Here(directory, "asyncpg"), command)


@contextmanager
def served(directory: Path, *arguments: object) -> Iterator[Callgrind]:
    """Yield such a server under callgrind."""
    with counting(server_in(directory, *arguments), "", directory / "log", {}) as service:
        yield service


def counts_of(directory: Path, *arguments: object) -> Counts:
    """Return what a GET costs such a server."""
    with served(directory, *arguments) as service:
        return service.count(METHODS["GET"](count()))


@NEEDS_VALGRIND
def test_a_loop_more_is_seen(tmp_path: Path) -> None:
    """With what the server does by the clock meanwhile."""
    before, after = (counts_of(tmp_path, loops) for loops in (USUAL, MORE))
    assert before.apart <= BOUND
    assert after.mean / before.mean == pytest.approx(MORE / USUAL, rel=0.1)


@NEEDS_VALGRIND
@pytest.mark.full  # beside other tests, what is done by the clock is not done as often
def test_counts_of_two_processes_agree(tmp_path: Path) -> None:
    before, again = (counts_of(tmp_path, USUAL) for _ in range(2))
    assert before.mean == pytest.approx(again.mean, rel=BOUND)


@NEEDS_VALGRIND
@pytest.mark.full  # a start that takes longer is no more than that
def test_what_a_start_does_is_counted(tmp_path: Path) -> None:
    turns = 1_000_000
    loop = f"for _ in range({turns}): pass\n"
    before, after = (
        count_start(server_in(tmp_path, 0, source=source), "", tmp_path / "log")
        for source in (SERVER, loop + SERVER)
    )
    assert 10 < (after - before) / turns < 1000


@NEEDS_VALGRIND
def test_a_request_that_fails_ends_the_count(tmp_path: Path) -> None:
    with served(tmp_path, 0, "nothing") as service, pytest.raises(BenchmarkError, match="404"):
        service.count(METHODS["GET"](count()))


def test_without_valgrind_it_says_where_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchmarkError) as refused, served(tmp_path, 0):
        pass
    assert str(refused.value) == MISSING


def test_the_parts_of_a_count_are_compared() -> None:
    assert Counts(100, 102).mean == 101
    assert Counts(100, 102).apart == pytest.approx(2 / 101)
