"""A real PostgreSQL for development and tests, with nothing to install or configure.

`python -m devtools.local_postgres` starts an empty one, prints its URL and keeps it until
Ctrl-C. With `--data DIR` what is written to it is still there the next time.
"""

import argparse
import os
import secrets
import shutil
import socket
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devtools.local_server import (
    AS_ROOT,
    HOST,
    PRIVATE,
    LocalServerError,
    give,
    on_free_port,
    reachable,
    run_tool,
)
from devtools.postgres_binaries import EXE, find_binaries, major_version
from devtools.supervisor import supervise, supervised

__all__ = ["LocalServerError", "local_postgres"]

# Root's directories are often closed to the server's account. The working directory can be
# used all the same, if nothing walks to it by its full name (PostgreSQL < 16 does).
_WORKING_DIRECTORY = Path("/proc/self/cwd")
_BY_WORKING_DIRECTORY = AS_ROOT and _WORKING_DIRECTORY.exists()
_FIRST_WITH_BUILTIN_LOCALES = 17
_PG_CTL_SECONDS = 60


@contextmanager
def local_postgres(data: Path | None = None) -> Iterator[str]:
    """Run PostgreSQL for the length of a `with` block and yield its `postgresql://` URL.

    With `data`, its files stay in `data/<major version>`. If a server already runs there,
    that one's URL is yielded, and it ends with the block that started it. Without `data`
    it is fast and forgetful: a temporary directory, and no waiting for the disk.

    Raises LocalServerError when there is no PostgreSQL here or it does not start.
    """
    binaries = find_binaries()
    home = [] if data is None else [str(data.resolve() / str(major_version(binaries)))]
    with supervised("devtools.local_postgres", str(binaries), *home) as url:
        yield url


class Postgres:
    """A PostgreSQL server; its methods are explained in `devtools.local_server.Server`."""

    def __init__(self, binaries: Path, home: Path, *, ephemeral: bool) -> None:
        self.binaries = binaries
        self.home = home
        self.ephemeral = ephemeral
        self._cluster = home / "cluster"
        self._pid_file = self._cluster / "postmaster.pid"
        self._password_file = home / "password"
        self._home_for_tools = Path("..") if _BY_WORKING_DIRECTORY else home

    def start(self) -> int:
        self._recover()
        if not self._cluster.exists():
            self._initialise()
        (self.home / "server.log").unlink(missing_ok=True)
        log = str(self._home_for_tools / "server.log")
        return on_free_port(lambda port: self._pg_ctl("start", "-l", log, "-o", f"-p {port}"))

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

    def url(self, port: int) -> str:
        password = self._password_file.read_text(encoding="utf-8")
        return f"postgresql://postgres:{password}@{HOST}:{port}/postgres"

    def _recover(self) -> None:
        """Stop a server that lost its supervisor; disarm the pid file of one that died."""
        if not self._pid_file.exists():
            return
        lines = self._pid_file.read_text(encoding="utf-8").splitlines()
        port = int("".join(lines[3:4]) or 0)
        if self.answers(port):
            self.stop()
        if self._pid_file.exists():
            # Its pid may be another process's by now, and PostgreSQL would refuse to start.
            # PostgreSQL disregards the pid of pg_ctl's parent, which is ours, but goes on to
            # look whether the old server's memory is in use: safer than deleting the file.
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
        password_file = self._home_for_tools / self._password_file.name
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

    def _run(self, tool: str, *arguments: str, cluster: Path) -> None:
        directory = _WORKING_DIRECTORY if _BY_WORKING_DIRECTORY else cluster
        command = [str(self.binaries / f"{tool}{EXE}"), f"--pgdata={directory}", *arguments]
        run_tool(self.home, *command, cwd=cluster)


def main() -> None:
    """Run a server until Ctrl-C; or, with arguments of ours only, supervise one."""
    parser = argparse.ArgumentParser(prog="python -m devtools.local_postgres", description=__doc__)
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the databases in DIR")
    parser.add_argument("--supervise", type=Path, nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.supervise:
        _supervise(*arguments.supervise)
        return
    try:
        with suppress(KeyboardInterrupt), local_postgres(arguments.data) as url:
            print(url, flush=True)
            while True:
                time.sleep(3600)
    except LocalServerError as error:
        parser.exit(1, f"{error}\n")


def _supervise(binaries: Path, home: Path | None = None) -> None:
    temporary = Path(tempfile.gettempdir(), f"local-postgres-{secrets.token_hex(8)}")
    with reachable(binaries, "postgres") as usable:
        supervise(Postgres(usable, home or temporary, ephemeral=home is None))


if __name__ == "__main__":
    main()
