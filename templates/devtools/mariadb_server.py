"""A MariaDB server in one directory."""

import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from devtools.local_server import (
    AS_ROOT,
    HOST,
    PRIVATE,
    LocalServerError,
    as_owner_of,
    give,
    kept_port,
    plain_name,
    run_tool,
    start_on_kept_port,
)
from devtools.mariadb_programs import Programs

_SECONDS = 60
_FORGETFUL = ["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0"]


class MariaDB:
    """A MariaDB server; its methods are explained in `devtools.local_server.Server`."""

    name = "MariaDB"

    def __init__(self, programs: Programs, home: Path, *, ephemeral: bool) -> None:
        self.programs = programs
        self.home = home
        self.ephemeral = ephemeral
        self._data = home / "data"
        self._temporary = home / "tmp"
        self._password_file = home / "password"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self.answers(kept_port(self.home)):
            return  # it lost its supervisor
        self._stay_root_if_need_be()
        # The usual one may be closed to the server's account, like any directory of root's.
        self._temporary.mkdir(mode=PRIVATE, exist_ok=True)
        give(self._temporary, self.home)
        if not self._data.exists():
            self._initialise()
        start_on_kept_port(self.home, self._start_on)

    def stop(self) -> None:
        if self._process is None:
            self._stop_by_pid()
            return
        if self.ephemeral:
            self._process.kill()
        else:
            self._process.terminate()
        try:
            self._process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def answers(self, port: int) -> bool:
        # Its greeting holds its version, in which we put a mark: it is this very server.
        try:
            with socket.create_connection((HOST, port), timeout=5) as connection:
                return self._mark().encode() in connection.recv(128)
        except OSError:
            return False

    def url(self) -> str:
        password = self._password_file.read_text(encoding="utf-8")
        return f"mysql://root:{password}@{HOST}:{kept_port(self.home)}/test"

    def _mark(self) -> str:
        # A copy of the directory has the same password.
        text = f"{self._password_file.read_text(encoding='utf-8')} {self.home.stat().st_ino}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _stop_by_pid(self) -> None:
        deadline = time.monotonic() + _SECONDS
        while self.answers(kept_port(self.home)):
            if time.monotonic() > deadline:
                raise LocalServerError(f"The server in {self.home} cannot be stopped.")
            with suppress(OSError):  # it may just end
                pid = int((self._data / "mariadb.pid").read_text(encoding="utf-8"))
                os.kill(pid, signal.SIGTERM)
            time.sleep(0.1)
        # It has its files open for a moment longer: the next one waits for that.

    def _initialise(self) -> None:
        # Under another name until it is complete, so that nothing comes of half of it.
        draft = self.home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=PRIVATE)
        self._password_file.unlink(missing_ok=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_hex(16), encoding="utf-8")
        for path in (draft, self._password_file):
            give(path, self.home)
        options = [f"--datadir={plain_name(draft)}"]
        if sys.platform != "win32":
            # A shell script, in whose paths a space would end the argument: relative ones.
            options = ["--no-defaults", f"--basedir={self.programs.prefix}", "--datadir=."]
            options += ["--auth-root-authentication-method=normal", "--skip-test-db"]
            options += [f"--tmpdir={Path('..', self._temporary.name)}", *self._account()]
        run_tool(self.home, str(self.programs.installer), *options, cwd=draft)
        draft.rename(self._data)

    def _start_on(self, port: int) -> None:
        password = self._password_file.read_text(encoding="utf-8")
        # Runs before the server lets anybody in.
        accounts = self.home / "accounts.sql"
        accounts.write_text(
            "".join(
                f"CREATE OR REPLACE USER root@'{host}' IDENTIFIED BY '{password}';\n"
                f"GRANT ALL ON *.* TO root@'{host}' WITH GRANT OPTION;\n"
                for host in ("localhost", HOST)
            )
            + "CREATE DATABASE IF NOT EXISTS test CHARACTER SET utf8mb4;\n",
            encoding="utf-8",
        )
        accounts.chmod(0o600)
        give(accounts, self.home)
        with (self.home / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(self.programs.server), *self._options(port)],
                cwd=self._data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **as_owner_of(self.home),
            )
        deadline = time.monotonic() + _SECONDS
        while not self.answers(port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise LocalServerError(f"mariadbd does not start; the logs are in {self.home}.")
            time.sleep(0.05)

    def _options(self, port: int) -> list[str]:
        return [
            "--no-defaults",
            f"--basedir={plain_name(self.programs.prefix)}",
            f"--datadir={plain_name(self._data)}",
            f"--bind-address={HOST}",
            f"--port={port}",
            f"--tmpdir={plain_name(self._temporary)}",
            *self._account(),
            "--socket=mariadb.sock",
            "--pid-file=mariadb.pid",
            f"--init-file={Path('..', 'accounts.sql')}",
            f"--version={self.programs.version}-MariaDB-{self._mark()}",
            "--character-set-server=utf8mb4",
            "--skip-name-resolve",
            *(_FORGETFUL if self.ephemeral else []),
        ]

    def _stay_root_if_need_be(self) -> None:
        # Root's directories are often closed to other accounts, and MariaDB, unlike
        # PostgreSQL, does not work by its working directory alone.
        if sys.platform != "win32" and AS_ROOT:
            parents = self.home.resolve().parents
            if not all(step.stat().st_mode & 0o001 for step in parents):
                os.chown(self.home, 0, 0)

    def _account(self) -> list[str]:
        return ["--user=root"] if AS_ROOT and self.home.stat().st_uid == 0 else []
