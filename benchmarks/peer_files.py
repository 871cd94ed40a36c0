"""Peers: services of others, each described in a file of TOML.

docs/performance.md says what stands in one. `benchmarks/peers/` has those that are documented.
"""

from __future__ import annotations

import subprocess
import tomllib
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from support.bake import WEB_FRAMEWORKS
from support.projects import Project, environment, find_uv

from benchmarks.contestants import Contestant, add_packages, versions_in
from benchmarks.errors import BenchmarkError
from benchmarks.routes import ID, NAME, OURS, Routes
from benchmarks.servers import Server

BUILT_IN = sorted((Path(__file__).parent / "peers").glob("*.toml"))
PYTHON, ADDRESS = "{python}", "{address}"
"""What stands in a command for its environment's Python, and in settings for a database:
`user:password@host:port/name`."""
TEXTS = ("name", "source", "version", "directory", "compared_with")
LISTS = ("command", "counted", "requirements", "tables")
TABLES = ("env", "read", "insert")
NEEDED = ("name", "source", "version", "command")
PATIENCE = 300
"""Seconds for the command that makes tables."""


@dataclass(frozen=True)
class Peer:
    """A service that somebody else wrote, or as somebody else would write it."""

    name: str
    source: str
    version: str
    directory: Path
    """Where it starts."""
    command: tuple[str, ...]
    counted: tuple[str, ...]
    """The command under which its instructions are counted: of one process, which serves itself."""
    requirements: tuple[str, ...]
    """What is installed into an environment of its own."""
    tables: tuple[str, ...]
    """The command that makes its tables, and its rows; if there is none, it has our companies."""
    env: dict[str, str]
    routes: Routes
    compared_with: str
    """The framework of the project that the bars compare it with."""


def read_peer(file: Path) -> Peer:
    """Return what a file describes; raises BenchmarkError if it is none, or lacks something."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BenchmarkError(f"{file} can't be read: {error.strerror}.") from None
    except ValueError as error:
        raise BenchmarkError(f"{file} is no TOML: {error}.") from None
    for problem in _problems(found):
        raise BenchmarkError(f"{file}: {problem} docs/performance.md has an example.")
    command = tuple(found["command"])
    return Peer(
        name=found["name"],
        source=found["source"],
        version=found["version"],
        directory=(file.parent / found.get("directory", ".")).resolve(),
        command=command,
        counted=tuple(found.get("counted", command)),
        requirements=tuple(found.get("requirements", ())),
        tables=tuple(found.get("tables", ())),
        env=found.get("env", {}),
        routes=_routes(found),
        compared_with=found.get("compared_with", WEB_FRAMEWORKS[0]),
    )


def _problems(found: dict[str, Any]) -> list[str]:
    kinds = dict.fromkeys(TEXTS, str) | dict.fromkeys(LISTS, list) | dict.fromkeys(TABLES, dict)
    problems = [f"`{key}` is missing." for key in NEEDED if not found.get(key)]
    problems += [f"there is no `{key}`." for key in found.keys() - kinds.keys()]
    problems += [
        f"`{key}` is {found[key]!r}, and has to be a {kinds[key].__name__}."
        for key in found.keys() & kinds.keys()
        if not isinstance(found[key], kinds[key])
    ]
    if problems:
        return problems
    problems += [
        f"`{key}` has {it!r}, which is no text."
        for key in (*LISTS, "env")
        for it in (found.get(key, {}).values() if key == "env" else found.get(key, ()))
        if not isinstance(it, str)
    ]
    words = [*found["command"], *found.get("tables", ())]
    if PYTHON in words and not found.get("requirements"):
        problems.append(f"{PYTHON} is that of an environment with `requirements`, which is empty.")
    if ("read" in found) != ("insert" in found):
        problems.append("`read` and `insert` go together: give both, or neither.")
    problems += [
        f"`{table}.{key}` has to be a text with {mark or 'a path'} in it."
        for table, key, mark in (
            ("read", "path", ID),
            ("insert", "path", ""),
            ("insert", "body", NAME),
        )
        if table in found
        if not isinstance(value := found[table].get(key), str) or mark not in value
    ]
    return problems


def _routes(found: dict[str, Any]) -> Routes:
    if "read" not in found:
        first = OURS
    else:
        insert = found["insert"]
        first = Routes(found["read"]["path"], insert["path"], insert["body"], keys=frozenset())
    # A service of others need not have a path that says whether it is there.
    return replace(first, ready=first.path(1))


@dataclass(frozen=True)
class Guest(Contestant):
    """A peer that takes part: its command is a whole one."""

    env: tuple[tuple[str, str], ...] = ()

    def start(
        self, url: str, log: Path, *options: str, **env: str
    ) -> AbstractContextManager[Server]:
        """Return the service on the database at `url`, once it answers."""
        return self._started(
            [*self.prefix, *self.command, *options], log, settings(url, dict(self.env)) | env
        )


def settings(url: str, env: dict[str, str]) -> dict[str, str]:
    """Return a peer's environment variables on the database at `url`."""
    address = url.partition("://")[2]
    return {"DATABASE_URL": url} | {
        name: value.replace(ADDRESS, address) for name, value in env.items()
    }


class Inn:
    """Installs peers, each once, in environments of their own."""

    def __init__(self, directory: Path) -> None:
        """Work in `directory`."""
        self._directory = directory
        self._environments: dict[str, Project] = {}

    def guest(self, peer: Peer, *, counted: bool = False) -> Guest:
        """Return a peer that takes part, perhaps to be counted."""
        command = self._command(peer, peer.counted if counted else peer.command)
        return Guest(
            peer.name,
            self._environment(peer),
            command,
            peer.directory,
            routes=peer.routes,
            env=tuple(peer.env.items()),
        )

    def make_tables(self, peer: Peer, url: str) -> None:
        """Make a peer's tables in the database at `url`.

        Raises BenchmarkError, with what the command said, if it fails.
        """
        if not peer.tables:
            return
        done = subprocess.run(
            self._command(peer, peer.tables),
            cwd=peer.directory,
            env=environment(**settings(url, peer.env)),
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        if done.returncode:
            told = (done.stderr or done.stdout).strip()[-1000:]
            raise BenchmarkError(f"{peer.name} did not make its tables; it says: {told}")

    def versions(self, peer: Peer) -> dict[str, str]:
        """Return the packages that a peer requires, and their versions."""
        return versions_in(self._environment(peer)) if peer.requirements else {}

    def _environment(self, peer: Peer) -> Project:
        if peer.name not in self._environments:
            place = self._directory / f"peer-{len(self._environments)}"
            place.mkdir()
            self._environments[peer.name] = project = Project(place, driver="")
            if peer.requirements:
                project.succeed(find_uv(), "venv", "--quiet", ".venv")
                add_packages(project, *peer.requirements)
        return self._environments[peer.name]

    def _command(self, peer: Peer, words: tuple[str, ...]) -> tuple[str, ...]:
        python = str(self._environment(peer).python)
        program, *rest = (it.replace(PYTHON, python) for it in words)
        # Windows would look for it where the benchmark runs.
        beside = peer.directory / program
        return (str(beside) if beside.is_file() else program, *rest)
