"""A real PostgreSQL for development and tests, with nothing to install or configure."""

import os
import secrets
import shutil
import socket
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devtools.local_server import (
    AS_ROOT,
    HOST,
    PRIVATE,
    LocalServerError,
    give,
    is_copy,
    kept_port,
    owns,
    plain_name,
    run_tool,
    start_on_kept_port,
)
from devtools.postgres_binaries import EXE, find_binaries, major_version, reachable
from devtools.supervisor import running, supervise

__all__ = ["DATA", "LocalServerError", "client", "local_postgres", "owns"]

DATA = Path(__file__).resolve().parents[1] / ".local" / "postgres"
"""The data of the project's own server."""

# Root's directories are often closed to the server's account. The working directory can be
# used all the same, if nothing walks to it by its full name (PostgreSQL < 16 does).
_WORKING_DIRECTORY = Path("/proc/self/cwd")
_BY_WORKING_DIRECTORY = AS_ROOT and _WORKING_DIRECTORY.exists()
_FIRST_WITH_BUILTIN_LOCALES = 17
_PG_CTL_SECONDS = 60


@contextmanager
def local_postgres(data: Path | None = None) -> Iterator[str]:
    """Run PostgreSQL for the length of a `with` block, and yield its `postgresql://` URL.

    With `data`, its files stay in `data/<major version>`, all who use it share one server, and
    that stops when the last of them has gone. Without `data` it is nobody else's, fast and
    forgetful: a temporary directory, and no waiting for the disk.

    Raises LocalServerError when there is no PostgreSQL here or it does not start.
    """
    binaries = find_binaries()
    temporary = Path(tempfile.gettempdir(), f"local-postgres-{secrets.token_hex(8)}")
    home = data.resolve() / str(major_version(binaries)) if data else temporary
    with running(Postgres(binaries, home, ephemeral=not data), "devtools.local_postgres") as url:
        yield url


def client(url: str) -> list[str]:
    """Return the command that opens the database in a terminal; none without psql."""
    places = os.pathsep.join([os.environ.get("PATH", ""), str(find_binaries())])
    psql = shutil.which("psql", path=places)
    return [psql, url] if psql else []


class Postgres:
    """A PostgreSQL server; its methods are explained in `devtools.local_server.Server`."""

    name = "PostgreSQL"

    def __init__(self, binaries: Path, home: Path, *, ephemeral: bool) -> None:
        self.binaries = binaries
        self.home = home
        self.ephemeral = ephemeral
        self._cluster = home / "cluster"
        self._pid_file = self._cluster / "postmaster.pid"
        self._password_file = home / "password"

    def start(self) -> None:
        if self._pid_file.exists():
            if self.answers(kept_port(self.home)) and not is_copy(self.home):
                return  # it lost its supervisor
            self._disarm()
        if not self._cluster.exists():
            self._initialise()
        (self.home / "server.log").unlink(missing_ok=True)
        log = str(self._for_tools("server.log"))
        start_on_kept_port(
            self.home, lambda port: self._pg_ctl("start", "-l", log, "-o", f"-p {port}")
        )

    def stop(self) -> None:
        for mode in ["immediate"] if self.ephemeral else ["fast", "immediate"]:
            if self._pid_file.exists():
                with suppress(LocalServerError):
                    self._pg_ctl("stop", "-m", mode)

    def answers(self, port: int) -> bool:
        # An SSLRequest, which only PostgreSQL answers with one of these letters.
        try:
            with socket.create_connection((HOST, port), timeout=5) as connection:
                connection.sendall(struct.pack("!ii", 8, 80877103))
                return connection.recv(1) in {b"S", b"N"}
        except OSError:
            return False

    def url(self) -> str:
        password = self._password_file.read_text(encoding="utf-8")
        return f"postgresql://postgres:{password}@{HOST}:{kept_port(self.home)}/postgres"

    def _disarm(self) -> None:
        # The pid of a server that died, or of the one that a copy was made from, may be another
        # process's, and PostgreSQL would refuse to start. It disregards the pid of pg_ctl's
        # parent, which is ours, but goes on to look whether the old server's memory is in use:
        # safer than deleting the file.
        lines = self._pid_file.read_text(encoding="utf-8").splitlines()
        lines[:1] = [str(os.getpid())]
        self._pid_file.write_text("\n".join([*lines, ""]), encoding="utf-8", newline="\n")

    def _initialise(self) -> None:
        # Under another name until it is complete, so that nothing comes of half a cluster.
        draft = self.home / "cluster.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=PRIVATE)
        self._password_file.unlink(missing_ok=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_hex(16), encoding="utf-8")
        for path in (draft, self._password_file):
            give(path, self.home)
        self._run("initdb", *self._initdb_options(), cluster=draft)
        settings = [f"listen_addresses = '{HOST}'", "unix_socket_directories = ''"]
        if self.ephemeral:
            settings += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
        with (draft / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.writelines(f"{setting}\n" for setting in settings)
        draft.rename(self._cluster)

    def _initdb_options(self) -> list[str]:
        password_file = self._for_tools(self._password_file.name)
        options = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={password_file}"]
        # The same encoding and the same order of texts on every system.
        options += ["--encoding=UTF8", "--locale=C"]
        if major_version(self.binaries) >= _FIRST_WITH_BUILTIN_LOCALES:
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.ephemeral:
            options += ["--no-sync"]
        return options

    def _pg_ctl(self, action: str, *options: str) -> None:
        waiting = ["--wait", f"--timeout={_PG_CTL_SECONDS}"]
        self._run("pg_ctl", action, *waiting, *options, cluster=self._cluster)

    def _for_tools(self, name: str) -> Path:
        return Path("..", name) if _BY_WORKING_DIRECTORY else plain_name(self.home) / name

    def _run(self, tool: str, *arguments: str, cluster: Path) -> None:
        directory = _WORKING_DIRECTORY if _BY_WORKING_DIRECTORY else plain_name(cluster)
        command = [str(self.binaries / f"{tool}{EXE}"), f"--pgdata={directory}", *arguments]
        run_tool(self.home, *command, cwd=cluster)


if __name__ == "__main__":
    _home, _ephemeral = sys.argv[1:]
    with reachable(find_binaries(), "postgres") as _binaries:
        supervise(Postgres(_binaries, Path(_home), ephemeral=_ephemeral == "True"))
