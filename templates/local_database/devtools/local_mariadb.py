"""A real MariaDB for development and tests, from the programs that this machine has."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from devtools.local_server import (
    AS_ROOT,
    HOST,
    PRIVATE,
    LocalServer,
    LocalServerError,
    is_open,
    plain_name,
)
from devtools.mariadb_programs import Programs, find_programs
from devtools.users import running, watch

DATA = Path(__file__).resolve().parents[1] / ".local" / "mariadb"
"""The data of the project's own server."""

_SECONDS = 60


@contextmanager
def local_database(data: Path | None = None) -> Iterator[str]:
    """Run MariaDB for the length of a `with` block, and yield its `mysql://` URL.

    With `data`, its files stay there, and all who use it share one server. Without, it is nobody
    else's, fast and forgetful: a temporary directory, and no waiting for the disk.
    """
    programs = find_programs()
    temporary = Path(tempfile.gettempdir(), f"local-mariadb-{secrets.token_hex(8)}")
    home = data.resolve() / programs.version.rpartition(".")[0] if data else temporary
    with running(MariaDB(programs, home, ephemeral=not data)) as url:
        yield url


class MariaDB(LocalServer):
    """A MariaDB server."""

    name = "MariaDB"
    url_format = "mysql://root:{}@127.0.0.1:{}/test"

    def __init__(self, programs: Programs, home: Path, *, ephemeral: bool) -> None:
        super().__init__(home, ephemeral=ephemeral)
        self.programs = programs
        self.data = home / "data"
        self.pid_file = self.data / "mariadb.pid"
        self.process: subprocess.Popen[Any] | None = None

    def prepare(self) -> None:
        # The usual one may be closed to the server's account, like any directory of root's.
        (self.home / "tmp").mkdir(mode=PRIVATE, exist_ok=True)
        # Runs before the server lets anybody in.
        accounts = self.home / "accounts.sql"
        accounts.touch(mode=0o600)
        accounts.write_text(
            "".join(
                f"CREATE OR REPLACE USER root@'{host}' IDENTIFIED BY '{self.password()}';\n"
                f"GRANT ALL ON *.* TO root@'{host}' WITH GRANT OPTION;\n"
                for host in ("localhost", HOST)
            )
            + "CREATE DATABASE IF NOT EXISTS test CHARACTER SET utf8mb4;\n",
            encoding="utf-8",
        )
        # Root's directories are often closed to other accounts, and MariaDB, unlike
        # PostgreSQL, does not work by its working directory alone.
        if sys.platform != "win32" and AS_ROOT and not is_open(self.home.resolve().parent):
            os.chown(self.home, 0, 0)
        else:
            super().prepare()

    def initialise(self, draft: Path) -> None:
        options = [f"--datadir={plain_name(draft)}"]
        if sys.platform != "win32":
            # A shell script, in whose paths a space would end the argument: relative ones.
            options = ["--no-defaults", f"--basedir={self.programs.prefix}", "--datadir=."]
            options += ["--auth-root-authentication-method=normal", "--skip-test-db"]
            options += ["--tmpdir=../tmp", *self._account()]
        self.run(self.programs.installer, *options, cwd=draft)

    def start_on(self, port: int) -> None:
        with (self.home / "server.log").open("wb") as log:
            command = [str(self.programs.server), *self.options(port)]
            arguments = self.process_arguments(log)
            self.process = process = subprocess.Popen(command, cwd=self.data, **arguments)
        deadline = time.monotonic() + _SECONDS
        while not self.answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise LocalServerError(f"mariadbd does not start; the logs are in {self.home}.")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            end = self.process.kill if self.ephemeral else self.process.terminate
            end()
            try:
                self.process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        deadline = time.monotonic() + _SECONDS
        while self.answers():  # a watcher has started it that is gone
            if time.monotonic() > deadline:
                raise LocalServerError(f"The server in {self.home} cannot be stopped.")
            with suppress(OSError):  # it may just end
                os.kill(int(self.pid_file.read_text(encoding="utf-8")), signal.SIGTERM)
            time.sleep(0.1)
        # It has its files open for a moment longer: the next one waits for that.

    def answers(self) -> bool:
        # Its greeting holds its version, in which we put a mark: it is this very server.
        try:
            with socket.create_connection((HOST, self.port), timeout=5) as connection:
                return self._mark().encode() in connection.recv(128)
        except OSError:
            return False

    def options(self, port: int) -> list[str]:
        """Return the options of mariadbd."""
        forgetful = ["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0"]
        return [
            "--no-defaults",
            f"--basedir={plain_name(self.programs.prefix)}",
            f"--datadir={plain_name(self.data)}",
            f"--bind-address={HOST}",
            f"--port={port}",
            f"--tmpdir={plain_name(self.home / 'tmp')}",
            *self._account(),
            "--socket=mariadb.sock",
            "--pid-file=mariadb.pid",
            f"--init-file={Path('..', 'accounts.sql')}",
            f"--version={self.programs.version}-{self._mark()}",
            "--character-set-server=utf8mb4",
            "--skip-name-resolve",
            *(forgetful if self.ephemeral else []),
        ]

    def _mark(self) -> str:
        return f"MariaDB-{self.home.stat().st_ino}"

    def _account(self) -> list[str]:
        return ["--user=root"] if AS_ROOT and self.home.stat().st_uid == 0 else []


if __name__ == "__main__":
    watch(MariaDB(find_programs(), Path(sys.argv[1]), ephemeral=bool(sys.argv[2])))
